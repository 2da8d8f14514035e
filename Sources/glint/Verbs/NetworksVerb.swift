import ArgumentParser
import Compute
import Formats
import Foundation
import Localization
import Networks
import Workflow

struct NetworksVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "networks",
    abstract: "List networks, inspect weights, convert weights.",
    discussion: """
      The peak memory is that of `glint localize` (`glint infer` for networks that do not find \
      emitters) on a movie of 16-bit frames of the given --size.

      EXAMPLE:
        glint networks --size 512x512
        glint networks --weights model.pt --network decode -o model.onnx
      """)

  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Device") var device: DeviceOptions

  @Option(help: ArgumentHelp("Frame size for the memory estimate, px.", valueName: "WxH"))
  var size = FrameSize(width: 256, height: 256)

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write the weights as .safetensors or .onnx.", valueName: "file"))
  var output: String?

  @Flag(help: "Replace an existing output.") var force = false
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    try network.check(isUsed: network.network != nil || network.weights != nil)
    let settings = try network.settings ?? ""
    let memory = network.memory ?? NetworkSettings.memory.standard
    try NetworkSettings.memory.check(memory)
    let shipped = network.weights == nil ? network.network.flatMap(ShippedModel.named) : nil
    guard let path = shipped?.name ?? network.weights else {
      guard output == nil else { throw ValidationError("-o requires --weights") }
      let systems = try network.network.map { [try Systems.named($0)] } ?? Systems.all
      let info = try device.open().info
      let resident = residentBytes()
      let summaries = try systems.map {
        let system = try $0.init().with(settings: settings)
        return try NetworkSummary(
          system, height: size.height, width: size.width, memory: memory << 20,
          program: resident, on: info)
      }
      return try show(summaries, WeightsSummary?.none, info)
    }
    let info = try device.open().info
    let resident = residentBytes()
    let weights = try shipped?.weights() ?? WeightFile.read(path)
    var fits: [Model] = []
    if let shipped {
      fits = [try shipped.model(settings: settings)]
    } else if let name = network.network {
      fits = [try Model(try Systems.named(name), weights, settings: settings)]
    } else {
      fits = Systems.all.compactMap { try? Model($0, weights, settings: settings) }
    }
    let summary = WeightsSummary(path, weights, fits: fits.map { type(of: $0.system).name })
    if let output { try write(fits, to: output, path) }
    try show(
      fits.map {
        NetworkSummary(
          $0, height: size.height, width: size.width, memory: memory << 20,
          program: resident, on: info)
      }, summary, info)
    if let output, !json { print("wrote \(output)") }
    if fits.isEmpty {
      say("hint: add --network NAME to see what does not match")
      throw ExitCode(1)
    }
  }

  private func write(_ fits: [Model], to output: String, _ path: String) throws {
    guard fits.count == 1 else {
      throw ValidationError(
        "\(path) fits \(fits.isEmpty ? "no network" : "several networks"): add --network"
      )
    }
    let bytes: [UInt8]
    switch URL(fileURLWithPath: output).pathExtension.lowercased() {
    case "onnx": bytes = try fits[0].onnx()
    case "safetensors": bytes = try SafeTensors.encode(try fits[0].file)
    default: throw ValidationError("\(output) is neither .onnx nor .safetensors")
    }
    try StagedFile.write(bytes, to: output, overwrite: force)
  }

  private struct Listing: Encodable {
    var device: String
    var weights: WeightsSummary?
    var networks: [NetworkSummary]
    /// Names of the models that come with Glint.
    var models = ShippedModel.all.map(\.name)
  }

  private func show(
    _ summaries: [NetworkSummary], _ weights: WeightsSummary?, _ info: DeviceInfo
  ) throws {
    if json {
      let listing = Listing(device: info.name, weights: weights, networks: summaries)
      print(String(decoding: try JSONEncoder.indented.encode(listing), as: UTF8.self))
      return
    }
    if let weights { for line in weights.lines { print(line) } }
    for summary in summaries { for line in Self.lines(summary, info) { print(line) } }
    if weights == nil {
      let models = ShippedModel.all.map(\.name).joined(separator: ", ")
      print("trained models that come with Glint: \(models)")
    }
  }

  static func lines(_ summary: NetworkSummary, _ info: DeviceInfo) -> [String] {
    var lines = [
      "\(summary.name): \(summary.purpose) (\(summary.source))",
      "  \(summary.parameters) parameters, \(Self.short(summary.work)) flop per pixel, "
        + "receptive field \(summary.receptiveField) px",
      "  in: \(summary.frames == 1 ? "a frame" : "\(summary.frames) frames") of "
        + "\(summary.channels) channel\(summary.channels == 1 ? "" : "s"), \(summary.unit.rawValue)",
      "  out: \(summary.outputs.joined(separator: ", "))"
        + (summary.magnification > 1 ? "; \(summary.magnification) times finer" : ""),
    ]
    if let memory = summary.memory {
      let (frames, tiles) = (memory.batch, memory.tiles)
      lines.append(
        "  memory for \(memory.width)×\(memory.height) px on \(info.name): peak "
          + "\(mebibytes(memory.total)) (network \(mebibytes(memory.run)), weights "
          + "\(mebibytes(memory.weights)), frames \(mebibytes(memory.frames)), program "
          + "\(mebibytes(memory.program))), \(frames) frame\(frames == 1 ? "" : "s") at a time"
          + (tiles > 1 ? " in \(tiles) tiles" : ""))
    } else if let refusal = summary.refusal {
      lines.append("  \(refusal)")
    }
    return lines
  }

  private static func mebibytes(_ bytes: Int) -> String {
    let size = Double(bytes) / 0x1p20
    return String(format: size < 10 ? "%.1f MiB" : "%.0f MiB", size)
  }

  /// A number with the suffix k or M: 11.8M.
  private static func short(_ value: Double) -> String {
    value >= 1e6 ? String(format: "%.3gM", value / 1e6) : String(format: "%.3gk", value / 1e3)
  }
}

/// A summary of a file of weights.
private struct WeightsSummary: Encodable {
  let path: String
  let tensors: Int
  let values: Int
  /// The network that the file states.
  let states: String?
  let settings: String?
  /// Networks that the tensors fit.
  let fits: [String]

  init(_ path: String, _ weights: Weights, fits: [String]) {
    self.path = path
    tensors = weights.tensors.count
    values = weights.count
    states = weights.configuration?.system
    settings = weights.configuration?.settings
    self.fits = fits
  }

  var lines: [String] {
    ["\(path): \(tensors) tensors, \(values) values"]
      + (states.map { ["  states \($0) \(settings ?? "")"] } ?? [])
      + ["  fits \(fits.isEmpty ? "no network" : fits.joined(separator: ", "))"]
  }
}

/// Width and height, `WxH`.
struct FrameSize: ExpressibleByArgument {
  let width: Int
  let height: Int

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  init?(argument: String) {
    let parts = argument.lowercased().split(
      whereSeparator: { $0 == "x" || $0 == "×" }
    ).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1],
      (1...65536).contains(width), (1...65536).contains(height)
    else { return nil }
    self.init(width: width, height: height)
  }

  var defaultValueDescription: String { "\(width)x\(height)" }
}
