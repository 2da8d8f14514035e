import Reporting

/// What a fit of several emitters assumes about the photons of a molecule in a frame.
public enum Brightness: Hashable, Sendable {
  /// Measured on the movie; nothing is assumed where molecules differ widely.
  case learned
  /// Nothing.
  case free
  /// A log-normal distribution: its mode, photons, and its relative width.
  case given(photons: Double, spread: Double)

  static let allowed = Allowed<Brightness>(
    "learned, free, or photons in 1...1e9 with a relative width in 0.02...0.5"
  ) { value in
    guard case .given(let photons, let spread) = value else { return true }
    return (1...1e9).contains(photons) && (0.02...0.5).contains(spread)
  }
}

extension Brightness: SettingValue {
  public static var kind: String { "learned, free or [photons, relative width]" }

  public init?(field: FieldValue) {
    switch field {
    case .text("learned"): self = .learned
    case .text("free"): self = .free
    case .list(let list):
      let numbers = list.compactMap(Double.init(field:))
      guard numbers.count == 2, list.count == 2 else { return nil }
      self = .given(photons: numbers[0], spread: numbers[1])
    default: return nil
    }
  }

  public var field: FieldValue {
    switch self {
    case .learned: .text("learned")
    case .free: .text("free")
    case .given(let photons, let spread): .list([photons.field, spread.field])
    }
  }
}
