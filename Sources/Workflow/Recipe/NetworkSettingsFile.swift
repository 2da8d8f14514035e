import Foundation
import Localization
import Yams

/// Settings of a network from a file, in the form that `NetworkSettings.settings` holds.
public enum NetworkSettingsFile {
  /// Reads a JSON or YAML file of the network's own settings, or DECODE's `param_run.yaml`, of whose
  /// `Scaling` the frames' and the results' are taken.
  ///
  /// Throws `SettingsError`.
  public static func read(_ path: String) throws(SettingsError) -> String {
    let hint =
      "it holds settings as `glint networks --json` shows them, or is DECODE's param_run.yaml"
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 22,
      let text = String(data: data, encoding: .utf8)
    else { throw SettingsError("cannot read the network's settings in \(path)", hint: hint) }
    guard let fields = (try? Yams.load(yaml: text)) as? [String: Any] else {
      throw SettingsError("\(path) holds no settings", hint: hint)
    }
    let own = try (fields["Scaling"] as? [String: Any]).map { scaling throws(SettingsError) in
      try decode(scaling, path)
    }
    guard JSONSerialization.isValidJSONObject(own ?? fields),
      let json = try? JSONSerialization.data(
        withJSONObject: own ?? fields, options: [.sortedKeys, .withoutEscapingSlashes])
    else { throw SettingsError("\(path) holds no settings", hint: hint) }
    return String(decoding: json, as: UTF8.self)
  }

  /// (x − input_offset) / input_scale, and the largest results.
  private static func decode(
    _ scaling: [String: Any], _ path: String
  ) throws(SettingsError) -> [String: Any] {
    func number(_ name: String) throws(SettingsError) -> Double {
      let value = (scaling[name] as? Double) ?? (scaling[name] as? Int).map(Double.init)
      guard let value, value.isFinite, name == "input_offset" || value > 0 else {
        throw SettingsError(
          "\(path) has no `Scaling.\(name)`",
          hint: "DECODE writes every number into the param_run.yaml of a training")
      }
      return value
    }
    let (scale, offset) = (try number("input_scale"), try number("input_offset"))
    return [
      "scaling": ["normalization": "none", "scale": 1 / scale, "shift": -offset / scale],
      "results": [
        "photons": try number("phot_max"), "z": try number("z_max"),
        "background": try number("bg_max"),
      ],
    ]
  }
}
