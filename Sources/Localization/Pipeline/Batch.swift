/// A batch of items, frames of a movie or crops, with the neighbours that a stage needs.
package struct Batch {
  /// The raw items one after the other, neighbours included.
  package let bytes: UnsafeRawBufferPointer
  package let shape: BatchShape
  /// Number of the first item for which the batch gives results.
  package let first: Int

  package init(_ bytes: UnsafeRawBufferPointer, _ shape: BatchShape, first: Int) {
    self.bytes = bytes
    self.shape = shape
    self.first = first
  }
}

/// How many frames of a batch give results, and how many neighbours are included on either side.
package struct BatchShape: Hashable, Sendable {
  package var leading: Int
  package var frames: Int
  package var trailing: Int

  package init(leading: Int, frames: Int, trailing: Int) {
    self.leading = leading
    self.frames = frames
    self.trailing = trailing
  }

  /// The number of frames in the batch, neighbours included.
  package var total: Int { leading + frames + trailing }

  /// Indices of the frames that give results.
  package var own: Range<Int> { leading..<leading + frames }
}
