import Microscopy

/// One of several images in a file that differ in size or type, so that only one can be the movie.
///
/// The planes of the images count one after the other, as if all had as many as this one. Only
/// those of this image can be read, so the axis of images must be reduced to it.
struct OneOfSeveral: Movie {
  let info: MovieInfo
  private let image: any Movie
  private let start: Int

  /// - Parameters:
  ///   - index: which one of `all` the image is.
  ///   - notes: about the other images.
  init(_ image: any Movie, index: Int, of all: AxisExtent, notes: [String] = []) {
    var info = image.info
    info.notes += notes
    if info.axes.isEmpty { info.axes = [AxisExtent(.time, info.frames)] }
    start = index * info.axes.reduce(1) { $0 * $1.count }
    info.frames += start
    info.axes.insert(all, at: 0)
    self.info = info
    self.image = image
  }

  /// The index of the chosen image; nil if the options do not say, or say what does not exist.
  static func index(
    among all: AxisExtent, _ options: MovieOptions, file: String
  ) throws(MovieError) -> Int? {
    guard options.planes[all.axis] != .all else {
      throw MovieError(
        .choice,
        "the file has \(all.description) of different sizes or types, which cannot be "
          + "the frames of one movie", file: file,
        hint: all.axis.setting.map { "choose one with \($0) 1 to \(all.count)" })
    }
    return all.index(of: options.planes[all.axis])
  }

  func read(_ frames: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try info.check(frames, buffer)
    guard frames.lowerBound >= start else {
      throw MovieError(
        .choice, "another image of the file is chosen", file: info.files.first ?? info.format,
        frame: frames.lowerBound)
    }
    try image.read(frames.lowerBound - start..<frames.upperBound - start, into: buffer)
  }
}
