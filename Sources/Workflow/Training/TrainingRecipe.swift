import Containers
import Formats
import Foundation
import Networks
import Reporting

/// A network and how it is trained.
public struct TrainingRecipe: Sendable {
  package var system: any TrainableSystem
  package var training: TrainingSettings
  /// The model to start from: one that comes with Glint, or a file; nil for random weights.
  public var start: String?

  /// Reads YAML or JSON: `network`, a name; `settings` of the network; `training`; `start`. What is
  /// left out is as its authors published it. Files that the examples need are read too.
  ///
  /// Throws `SettingsError`, `NetworkError`, errors of reading the files.
  public init(reading path: String) throws {
    let data: [UInt8]
    do { data = try InputFile.contents(of: path, atMost: 1 << 22) } catch {
      throw SettingsError("cannot read the recipe \(path): it \(error.words)", hint: nil)
    }
    guard let text = String(validating: data, as: UTF8.self),
      let fields = FieldValue(yaml: text), case .text(let name)? = fields["network"]
    else {
      throw SettingsError(
        "\(path) is no recipe of a training", hint: "it is YAML and states at least `network`")
    }
    let type = try Systems.named(name)
    guard let trainable = type.init() as? any TrainableSystem else {
      throw SettingsError("the network \(name) cannot be trained", hint: nil)
    }
    func json(_ value: FieldValue?) throws -> String {
      guard let value else { return "" }
      return String(decoding: try JSONEncoder().encode(value), as: UTF8.self)
    }
    system = try trainable.with(settings: json(fields["settings"]))
    training = system.training
    if let own = fields["training"] { training = try own.changing(training) }
    try training.examples.readFiles()
    if case .text(let model)? = fields["start"] { start = model }
    let known = ["network", "settings", "training", "start"]
    if case .section(let all) = fields,
      let other = all.keys.sorted().first(where: { !known.contains($0) })
    {
      throw SettingsError(
        "\(path) has a section `\(other)`",
        hint: "a recipe of a training has \(known.joined(separator: ", "))")
    }
  }

  /// Throws `SettingsError`, `NetworkError` for values that make no sense.
  func check() throws {
    try system.checkSettings()
    try system.checkReadiness()
    try training.check()
    if let size = system.inputSize,
      size != (training.examples.height, training.examples.width)
    {
      throw SettingsError(
        "frames of \(training.examples.height)×\(training.examples.width) px do not suit the network",
        hint: "it takes \(size.height)×\(size.width) px")
    }
    let (examples, step) = (training.examples, system.network.alignment)
    guard examples.height % step == 0, examples.width % step == 0 else {
      throw SettingsError(
        "frames of \(examples.height)×\(examples.width) px do not suit the network",
        hint: "choose sides that \(step) divides")
    }
  }
}

extension ExampleSettings {
  /// Adds the content of the files that are named.
  fileprivate mutating func readFiles() throws {
    if case .file(let file) = psf {
      psf = PSF(
        try CalibrationFiles.read(file.path), path: file.path, checksum: try file.read())
    }
    if let camera {
      guard let maps = try CameraFiles.read(camera.path).maps else {
        throw SettingsError(
          "the recipe's `examples.camera`, \(camera.path), has no maps",
          hint: "state the camera's read noise as `readVariance`, photoelectrons²")
      }
      use(maps, path: camera.path, checksum: try camera.read())
    }
  }
}

extension ExampleFile {
  /// The file's checksum. Throws `SettingsError` if the recipe states another.
  fileprivate func read() throws -> UInt32 {
    let found: UInt32
    do {
      found = try InputFile.contents(of: path).withUnsafeBytes { ZipWriter.checksum($0) }
    } catch { throw SettingsError("cannot read \(path): it \(error.words)", hint: nil) }
    if let checksum, checksum != found {
      throw SettingsError(
        "\(path) is not the file that the recipe means: its CRC-32 is \(found), not \(checksum)",
        hint: "omit `crc32` to use the file as it is now")
    }
    return found
  }
}
