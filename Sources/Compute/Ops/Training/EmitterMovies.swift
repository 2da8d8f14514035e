import CPUKernels

/// Short movies whose emitters each shine in some of the frames.
///
/// A table of photons [movies, emitters, frames of a movie] says when; 0 means that an emitter is
/// off. Frames are in the order of the movies.
struct EmitterMovies {
  let movies: Int
  let emitters: Int
  let length: Int

  /// Throws unless `photons` is such a table, and each of the others has a row of this many values
  /// for each emitter.
  init(
    _ photons: TensorType, _ rows: [(type: TensorType, width: Int)], op: String
  ) throws(ShapeError) {
    guard photons.shape.count == 3, photons.element == .float32,
      rows.allSatisfy({ $0.type == TensorType(.float32, photons.shape.prefix(2) + [$0.width]) })
    else {
      let widths = rows.map { "\($0.width)" }.joined(separator: " and ")
      throw ShapeError(
        op,
        "takes photons [movies×emitters×frames] and rows of \(widths) for each emitter, not "
          + "\([photons] + rows.map(\.type))")
    }
    self.init(photons)
  }

  init(_ photons: TensorType) {
    (movies, emitters, length) = (photons.shape[0], photons.shape[1], photons.shape[2])
  }

  var frames: Int { movies * length }

  /// The emitters that shine in a frame, and the places of their photons in the table.
  func shining(in frame: Int, _ photons: [Double]) -> [(emitter: Int, entry: Int)] {
    let (movie, time) = (frame / length, frame % length)
    return (movie * emitters..<(movie + 1) * emitters).map { ($0, $0 * length + time) }
      .filter { photons[$0.1] > 0 }
  }

  func kernelFrames(height: Int, width: Int) -> glint_emitter_frames {
    glint_emitter_frames(
      emitters: Int32(emitters), length: Int32(length), height: Int32(height), width: Int32(width))
  }
}
