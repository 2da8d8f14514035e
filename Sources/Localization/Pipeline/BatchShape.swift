/// How many frames a batch answers for, and how many neighbours come along on either side.
public struct BatchShape: Hashable, Sendable {
  public var leading: Int
  public var frames: Int
  public var trailing: Int

  public init(leading: Int, frames: Int, trailing: Int) {
    self.leading = leading
    self.frames = frames
    self.trailing = trailing
  }

  /// Frames that travel.
  public var total: Int { leading + frames + trailing }
}
