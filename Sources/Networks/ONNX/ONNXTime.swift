/// Parts of a batch of frames, by which ONNX graphs put frames beside their neighbours in time: the
/// batch shifted by whole frames, its edge repeated, and the pieces of which that is made.
enum ONNXTimePart {
  /// Frame t + `by` in the place of frame t; the frames at the ends stand for those beyond.
  case shifted(Network.Value, by: Int)
  case first(Network.Value)
  case last(Network.Value)
  /// All frames of a shifted batch but its last, or its first.
  case head(Network.Value, by: Int)
  case tail(Network.Value, by: Int)

  /// The range [from, to) of a batch, where it is one of these.
  init?(of batch: ONNXTimePart, from: Int, to: Int) {
    guard case .shifted(let x, let by) = batch else { return nil }
    let end = Int(Int32.max)
    switch (from, to) {
    case (0, 1) where by == 0: self = .first(x)
    case (-1, end...) where by == 0: self = .last(x)
    case (0, -1): self = .head(x, by: by)
    case (1, end...): self = .tail(x, by: by)
    default: return nil
    }
  }

  /// Two parts one after the other, where they are a shifted batch.
  init?(joining a: ONNXTimePart, _ b: ONNXTimePart) {
    switch (a, b) {
    case (.first(let edge), .head(let x, let by)) where edge == x && by <= 0:
      self = .shifted(x, by: by - 1)
    case (.tail(let x, let by), .last(let edge)) where edge == x && by >= 0:
      self = .shifted(x, by: by + 1)
    default: return nil
    }
  }

  /// The frames of a window around each frame, where shifted batches side by side are that.
  static func window(_ parts: [ONNXTimePart]) -> (x: Network.Value, frames: Int)? {
    let radius = parts.count / 2
    var whole: Network.Value?
    for (index, part) in parts.enumerated() {
      guard case .shifted(let x, index - radius) = part, whole == nil || whole == x else {
        return nil
      }
      whole = x
    }
    guard let whole, parts.count % 2 == 1, parts.count > 1 else { return nil }
    return (whole, parts.count)
  }
}
