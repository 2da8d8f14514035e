/// Items that travel together, frames of a movie or crops, with the neighbours that a stage needs.
package struct Batch {
  /// The items one after the other, neighbours included, as the camera gave them.
  package let bytes: UnsafeRawBufferPointer
  package let shape: BatchShape
  /// Number of the first item that the batch answers for.
  package let first: Int

  package init(_ bytes: UnsafeRawBufferPointer, _ shape: BatchShape, first: Int) {
    self.bytes = bytes
    self.shape = shape
    self.first = first
  }
}

/// How many frames a batch answers for, and how many neighbours come along on either side.
package struct BatchShape: Hashable, Sendable {
  package var leading: Int
  package var frames: Int
  package var trailing: Int

  package init(leading: Int, frames: Int, trailing: Int) {
    self.leading = leading
    self.frames = frames
    self.trailing = trailing
  }

  /// Frames that travel.
  package var total: Int { leading + frames + trailing }

  /// Places of the frames that the batch answers for.
  package var own: Range<Int> { leading..<leading + frames }
}
