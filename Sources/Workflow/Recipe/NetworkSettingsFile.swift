import Containers
import Foundation
import Localization
import Reporting

/// Reads network settings from a file, in the form of `NetworkSettings.settings`.
public enum NetworkSettingsFile {
  /// Reads a JSON or YAML file of network settings, or DECODE's `param_run.yaml`, from whose
  /// `Scaling` the scaling of frames and results is taken.
  ///
  /// Throws `SettingsError`.
  public static func read(_ path: String) throws(SettingsError) -> String {
    let hint: Message =
      "give the settings of the network as JSON or YAML, or DECODE's param_run.yaml"
    let data: [UInt8]
    do { data = try InputFile.contents(of: path, atMost: 1 << 22) } catch {
      throw SettingsError(
        "cannot read the network's settings in \(path): it \(error.words)",
        hint: error.hint.map { Message($0) } ?? hint)
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw SettingsError("cannot read the network's settings in \(path): no text", hint: hint)
    }
    let fields = FieldValue(yaml: text)
    guard let fields, case .section = fields else {
      throw SettingsError("\(path) contains no settings", hint: hint)
    }
    let own =
      fields["Scaling"] == nil
      ? fields : try DECODEParameters(fields: fields, path: path).settings()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(own) else {
      throw SettingsError("\(path) contains no settings", hint: hint)
    }
    return String(decoding: json, as: UTF8.self)
  }
}

/// The parameter file of a DECODE training, with the names of its releases (0.10) and of its later
/// program (0.11).
private struct DECODEParameters {
  let fields: FieldValue
  let path: String

  /// The input scaling (x − offset) / scale, the maximum outputs, and the upsampling method of the
  /// network.
  func settings() throws(SettingsError) -> FieldValue {
    try checkNetwork()
    let scale = try number("input_scale", "input.frame.scale")
    let offset = try number("input_offset", "input.frame.offset", isPositive: false)
    var settings: [String: FieldValue] = [
      "scaling": .section([
        "normalization": .text("none"), "scale": (1 / scale).field,
        "shift": (-offset / scale).field,
      ]),
      "results": .section([
        "photons": try number("phot_max", "output.phot.max").field,
        "z": try number("z_max", "output.z.max").field,
        "background": try number("bg_max", "output.bg.max").field,
      ]),
    ]
    switch network("upsample_mode") {
    case nil: break
    case .text("nearest"): settings["bilinear"] = .flag(false)
    case .text("bilinear"): settings["bilinear"] = .flag(true)
    case let mode?:
      throw SettingsError(
        "\(path) has the upsample_mode `\(mode.words)`", hint: "nearest and bilinear are supported")
    }
    if let disabled = value("HyperParameter.disabled_attributes") ?? network("disabled_attributes")
    {
      if case .integer = disabled {
        settings["disabled"] = .list([disabled])
      } else {
        settings["disabled"] = disabled
      }
    }
    return .section(settings)
  }

  /// Throws for options that the weights do not contain and Glint does not support, instead of
  /// giving wrong results.
  private func checkNetwork() throws(SettingsError) {
    if case .text(let activation) = network("activation"),
      !["ELU", "nn.ELU()"].contains(activation)
    {
      throw SettingsError(
        "\(path) has the activation `\(activation)`", hint: "only networks with ELU are supported")
    }
    for name in ["norm", "norm_head"] {
      if let norm = network(name) {
        throw SettingsError(
          "\(path) has the \(name) `\(norm.words)`",
          hint: "only networks without normalisation are supported")
      }
    }
    if let dimension = value("Camera.mirror_dim") ?? value("Camera.0.mirror_dim") {
      throw SettingsError(
        "\(path) asks to mirror frames (`mirror_dim` \(dimension.words))",
        hint:
          "mirror the movie, then leave mirror_dim empty; positions are those of the mirrored movie"
      )
    }
  }

  private func network(_ name: String) -> FieldValue? {
    value("HyperParameter.arch_param.\(name)") ?? value("Model.backbone_specs.\(name)")
  }

  /// A number under `Scaling`, by its old or new name.
  private func number(
    _ name: String, _ later: String, isPositive: Bool = true
  ) throws(SettingsError) -> Double {
    let found = value("Scaling.\(name)") ?? value("Scaling.\(later)")
    guard let number = found.flatMap(Double.init(field:)), number.isFinite,
      !isPositive || number > 0
    else {
      let isLater = value("Scaling.input") != nil
      throw SettingsError(
        "\(path) has no `Scaling.\(isLater ? later : name)`",
        hint: "DECODE writes every number into the param_run.yaml of a training")
    }
    return number
  }

  /// The value at a path of keys; nil if there is none.
  private func value(_ keys: String) -> FieldValue? { fields[path: keys] }
}
