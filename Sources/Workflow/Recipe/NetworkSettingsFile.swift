import Foundation
import Localization
import Reporting
import Yams

/// Settings of a network from a file, in the form that `NetworkSettings.settings` holds.
public enum NetworkSettingsFile {
  /// Reads a JSON or YAML file of the network's own settings, or DECODE's `param_run.yaml`, of whose
  /// `Scaling` the frames' and the results' are taken.
  ///
  /// Throws `SettingsError`.
  public static func read(_ path: String) throws(SettingsError) -> String {
    let hint: Message =
      "it holds settings as `glint networks --json` shows them, or is DECODE's param_run.yaml"
    guard let data = FileManager.default.contents(atPath: path), data.count < 1 << 22,
      let text = String(data: data, encoding: .utf8)
    else { throw SettingsError("cannot read the network's settings in \(path)", hint: hint) }
    guard let fields = yaml(text) as? [String: Any] else {
      throw SettingsError("\(path) holds no settings", hint: hint)
    }
    let own = try (fields["Scaling"] as? [String: Any]).map { _ throws(SettingsError) in
      try DECODEParameters(fields: fields, path: path).settings()
    }
    guard JSONSerialization.isValidJSONObject(own ?? fields),
      let json = try? JSONSerialization.data(
        withJSONObject: own ?? fields, options: [.sortedKeys, .withoutEscapingSlashes])
    else { throw SettingsError("\(path) holds no settings", hint: hint) }
    return String(decoding: json, as: UTF8.self)
  }

  /// What the text says; nil where it is no YAML, or where aliases of aliases make it endless.
  private static func yaml(_ text: String) -> Any? {
    guard let root = try? Yams.compose(yaml: text) else { return nil }
    var waiting = [root]
    var seen = 0
    while let node = waiting.popLast() {
      seen += 1
      guard seen + waiting.count < 100_000 else { return nil }
      switch node {
      case .mapping(let mapping): for (key, value) in mapping { waiting += [key, value] }
      case .sequence(let items): waiting += items
      default: break
      }
    }
    return root.any
  }
}

/// What a training of DECODE wrote down, as its releases (0.10) and its later program (0.11) name it.
private struct DECODEParameters {
  let fields: [String: Any]
  let path: String

  /// (x − offset) / scale, the largest results, and how the network enlarges.
  func settings() throws(SettingsError) -> [String: Any] {
    try checkNetwork()
    let scale = try number("input_scale", "input.frame.scale")
    let offset = try number("input_offset", "input.frame.offset", isPositive: false)
    var settings: [String: Any] = [
      "scaling": ["normalization": "none", "scale": 1 / scale, "shift": -offset / scale],
      "results": [
        "photons": try number("phot_max", "output.phot.max"),
        "z": try number("z_max", "output.z.max"),
        "background": try number("bg_max", "output.bg.max"),
      ],
    ]
    switch network("upsample_mode") as? String {
    case nil: break
    case "nearest": settings["bilinear"] = false
    case "bilinear": settings["bilinear"] = true
    case let mode?:
      throw SettingsError(
        "\(path) has the upsample_mode `\(mode)`", hint: "nearest and bilinear are known")
    }
    if let disabled = value("HyperParameter.disabled_attributes") ?? network("disabled_attributes")
    {
      settings["disabled"] = disabled is Int ? [disabled] : disabled
    }
    return settings
  }

  /// Throws for what weights do not tell and Glint does not do, rather than give other numbers.
  private func checkNetwork() throws(SettingsError) {
    if let activation = network("activation") as? String, !["ELU", "nn.ELU()"].contains(activation)
    {
      throw SettingsError(
        "\(path) has the activation `\(activation)`", hint: "networks with ELU are known")
    }
    for name in ["norm", "norm_head"] {
      if let norm = network(name) {
        throw SettingsError(
          "\(path) has the \(name) `\(norm)`", hint: "networks without normalisation are known")
      }
    }
    if let dimension = value("Camera.mirror_dim") ?? value("Camera.0.mirror_dim") {
      throw SettingsError(
        "\(path) asks to mirror frames (`mirror_dim` \(dimension))",
        hint:
          "mirror the movie, then leave mirror_dim empty; positions are those of the mirrored movie"
      )
    }
  }

  private func network(_ name: String) -> Any? {
    value("HyperParameter.arch_param.\(name)") ?? value("Model.backbone_specs.\(name)")
  }

  /// A number under `Scaling`, by its older or its later name.
  private func number(
    _ name: String, _ later: String, isPositive: Bool = true
  ) throws(SettingsError) -> Double {
    let found = value("Scaling.\(name)") ?? value("Scaling.\(later)")
    let number = (found as? Double) ?? (found as? Int).map(Double.init)
    guard let number, number.isFinite, !isPositive || number > 0 else {
      let isLater = value("Scaling.input") != nil
      throw SettingsError(
        "\(path) has no `Scaling.\(isLater ? later : name)`",
        hint: "DECODE writes every number into the param_run.yaml of a training")
    }
    return number
  }

  /// What stands at a path of keys; nil where nothing does.
  private func value(_ keys: String) -> Any? {
    var value: Any = fields
    for key in keys.split(separator: ".") {
      guard let inner = value as? [AnyHashable: Any],
        let next = inner[String(key)] ?? Int(key).flatMap({ inner[$0] })
      else { return nil }
      value = next
    }
    return value is NSNull ? nil : value
  }
}
