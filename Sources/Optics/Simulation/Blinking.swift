import Reporting

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

  public static let perFrame = Setting(
    .perFrame, standard: 40.0, allowed: .within(0...1e6),
    "mean number of molecules that are on in a frame")
  public static let onTime = Setting(
    .onTime, unit: "frames", standard: 0.0, allowed: .within(0...199),
    "mean duration of a blink; 0 for new molecules in every frame")
  public static let beads = Setting<Int?>(
    .beads, standard: nil, allowed: .optional(.within(1...10_000)),
    "simulate a z-stack of this many beads instead of a movie")

  /// Molecules that blink once in 200 frames on average; throws `SettingsError`.
  public init(perFrame: Double, onTime: Double) throws(SettingsError) {
    try Self.perFrame.check(perFrame)
    try Self.onTime.check(onTime)
    let molecules = max(1, Int(perFrame * 200 / (onTime + 1)))
    self =
      onTime > 0
      ? .switching(molecules: molecules, on: onTime, off: 200 - onTime)
      : .independent(perFrame: perFrame)
  }

  func check() throws(SettingsError) {
    switch self {
    case .always(let molecules):
      try demand(molecules >= 0, "blinking.always.molecules", "\(molecules) must be 0 or more")
    case .independent(let perFrame):
      try Self.perFrame.check(perFrame)
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
