/// When molecules emit light.
public enum Blinking: Codable, Hashable, Sendable {
  /// Every molecule is on in every frame.
  case always(molecules: Int)
  /// `perFrame` new molecules in each frame: the integer part always, one more with the probability
  /// of the fraction.
  case independent(perFrame: Double)
  /// Molecules switch on and off at random, with exponentially distributed times of mean `on` and
  /// `off` frames.
  ///
  /// In the first and last frame of a blink, photons are proportional to the time that is covered.
  case switching(molecules: Int, on: Double, off: Double)

  enum IndependentCodingKeys: String, CodingKey { case perFrame = "per_frame" }

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

  /// What must be drawn for a movie of `frames`: molecules, rows of truth, blinks.
  func expectedEvents(frames: Int) -> Double {
    switch self {
    case .always(let molecules): Double(molecules) * Double(frames)
    case .independent(let perFrame): perFrame * Double(frames)
    case .switching(let molecules, let on, let off):
      Double(molecules) * (1 + Double(frames) * on / (on + off) + Double(frames) / (on + off))
    }
  }
}
