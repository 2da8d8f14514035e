import Foundation

/// What a file says about how it was recorded, under the same keys for all formats.
struct Acquisition {
  var camera: String?
  /// Milliseconds, for each channel where they differ.
  var exposures: [Double] = []
  /// Milliseconds from one frame to the next.
  var interval: Double?
  var emGain: Double?
  var channels: [String] = []
  /// When the first frame was recorded.
  var start: String?

  /// Only values that are possible are part of it.
  var metadata: [String: String] {
    var fields: [String: String] = [:]
    if let camera, !camera.isEmpty { fields["camera"] = camera }
    let exposures = exposures.filter(Self.isDuration)
    if let first = exposures.first {
      let same = exposures.allSatisfy { $0 == first }
      fields["exposure"] =
        (same ? [first] : exposures).map { "\(Self.text($0)) ms" }.joined(separator: ", ")
    }
    if let interval, Self.isDuration(interval) {
      fields["frame interval"] = "\(Self.text(interval)) ms"
    }
    if let emGain, emGain >= 1, emGain < 10000 { fields["EM gain"] = Self.text(emGain) }
    if !channels.isEmpty { fields["channels"] = channels.joined(separator: ", ") }
    if let start, !start.isEmpty { fields["recorded"] = start }
    return fields
  }

  /// Up to a day.
  private static func isDuration(_ milliseconds: Double) -> Bool {
    milliseconds > 0 && milliseconds < 86_400_000
  }

  private static func text(_ value: Double) -> String { String(format: "%.6g", value) }

  /// A time as text; nil before 1990 and after 2100, which are damage.
  static func time(secondsSince1970 seconds: Double) -> String? {
    guard seconds > 631_152_000, seconds < 4_102_444_800 else { return nil }
    return Date(timeIntervalSince1970: seconds.rounded()).ISO8601Format()
  }
}
