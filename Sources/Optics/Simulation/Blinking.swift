/// When molecules are seen.
public enum Blinking: Codable, Hashable, Sendable {
  /// Every molecule is on in every frame.
  case always(molecules: Int)
  /// New molecules in each frame, `perFrame` on average: the whole part always, one more by chance.
  case independent(perFrame: Double)
  /// Molecules switch on and off at random, with exponential times of mean `on` and `off` frames.
  ///
  /// The first and the last frame of a blink are covered in part, and get that part of its photons.
  case switching(molecules: Int, on: Double, off: Double)

  func check() throws(SimulationError) {
    switch self {
    case .always(let molecules):
      try demand(molecules >= 0, "blinking.always.molecules", "\(molecules) must be 0 or more")
    case .independent(let perFrame):
      try demand(
        perFrame >= 0 && perFrame <= 1e8, "blinking.independent.perFrame",
        "\(perFrame) is not in 0...1e8")
    case .switching(let molecules, let on, let off):
      try demand(molecules >= 0, "blinking.switching.molecules", "\(molecules) must be 0 or more")
      try demand(
        on >= 0.001 && on.isFinite, "blinking.switching.on", "\(on) frames must be 0.001 or more")
      try demand(
        off >= 0.001 && off.isFinite, "blinking.switching.off",
        "\(off) frames must be 0.001 or more")
    }
  }

  /// Rows of truth to expect, for a movie of `frames`.
  func expectedRows(frames: Int) -> Double {
    switch self {
    case .always(let molecules): Double(molecules) * Double(frames)
    case .independent(let perFrame): perFrame * Double(frames)
    case .switching(let molecules, let on, let off):
      Double(molecules) * Double(frames) * min(1, (on + 1) / (on + off))
    }
  }
}
