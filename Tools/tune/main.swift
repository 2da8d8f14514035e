import ArgumentParser
import Compute
import Dispatch
import Foundation
import Networks

/// Times every candidate for the convolutions of the known networks, and records the fastest.
struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glint-tune",
    abstract: "Measure which candidate of each convolution is fastest on this machine's devices.",
    discussion: """
      Example: glint-tune --device opencl --write Kernels/tuning.json
      The table becomes part of Glint when it is built next. Rows of other devices are kept.
      Exit status: 0 when something was measured, 2 on errors.
      """)

  @Option(help: "Only devices whose name starts with this: cpu, opencl, opencl:0.")
  var device = ""

  @Option(help: "Side of the frames that the networks see, in pixels.")
  var side = 64

  @Option(help: "Seconds that a candidate is run for, at least once.")
  var seconds = 0.05

  @Option(help: "Only networks whose name contains this.")
  var network = ""

  @Option(help: "The table to write; one that exists is read and changed.")
  var write: String?

  func run() throws {
    let devices = Devices.all.filter { $0.info.name.hasPrefix(device) }
    guard !devices.isEmpty else {
      _ = try Devices.named(device)  // says what is missing
      throw ValidationError("there is no device `\(device)`")
    }
    var table = TuningTable()
    if let write, FileManager.default.fileExists(atPath: write) {
      table = try TuningTable(json: Data(contentsOf: URL(fileURLWithPath: write)))
    }
    var measured: Set<String> = []
    for device in devices where measured.insert(device.info.tuningName).inserted {
      print("\(device.info.name): \(device.info.tuningName)")
      table.devices[device.info.tuningName] = try rows(on: device)
      if let write { try table.json.write(to: URL(fileURLWithPath: write), options: .atomic) }
    }
  }

  private func rows(on device: any Device) throws -> [TuningTable.Row] {
    var seen: Set<TuningCase> = []
    var rows: [TuningTable.Row] = []
    for system in Systems.all where network.isEmpty || system.name.contains(network) {
      let network = system.init().network
      let (height, width) =
        system.init().inputSize ?? (network.aligned(side), network.aligned(side))
      let graph = try network.graph(
        network.randomWeights(seed: 1), batch: 1, height: height, width: width)
      for (op, inputs, at) in try Plan(graph, for: device.info).tunable
      where seen.insert(at).inserted {
        let names = device.info.kind == .cpu ? op.cpu.map(\.name) : op.openCL.map(\.name)
        let row = TuningTable.Row(
          at: at, microseconds: times(op, inputs, names, on: device), order: names)
        guard !row.microseconds.isEmpty else { continue }
        rows.append(row)
        print("  \(at.form) \(at.channels)→\(at.outputs), \(at.pixels) pixels: \(row.fastest)")
        for (name, time) in row.microseconds.sorted(by: { $0.value < $1.value }) {
          print(String(format: "      %10.0f µs  ", time) + name)
        }
      }
    }
    return rows
  }

  /// The shortest time of each applicable candidate, since other load on the machine only adds to
  /// it.
  private func times(
    _ op: any Op, _ inputs: [TensorType], _ names: [String], on device: any Device
  ) -> [String: Double] {
    var result: [String: Double] = [:]
    for name in names {
      if let time = try? time(op, inputs, candidate: name, on: device) { result[name] = time }
    }
    return result
  }

  private func time(
    _ op: any Op, _ inputs: [TensorType], candidate: String, on device: any Device
  ) throws -> Double {
    var graph = Graph()
    let values = inputs.enumerated().map { index, type in
      index == 0
        ? graph.input("x", type)
        : graph.constant(Tensor([Float](repeating: 0.01, count: type.count), shape: type.shape))
    }
    graph.output("y", try graph.apply(op, to: values)[0])
    let plan = try Plan(graph, for: device.info, forcing: [op.name: candidate])
    let executable = try device.compile(plan)
    try executable.write("x", [Float](repeating: 0.5, count: inputs[0].count))
    var first: [Float] = [0]
    func once() throws -> Double {
      let start = DispatchTime.now().uptimeNanoseconds
      try executable.run()
      try first.withUnsafeMutableBytes { try executable.read("y", into: $0) }
      return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-3
    }
    _ = try once()
    var taken: [Double] = []
    repeat { taken.append(try once()) } while taken.reduce(0, +) < seconds * 1e6
    return taken.min()!
  }
}

do {
  var command = try TuneCommand.parseAsRoot()
  try command.run()
} catch  where TuneCommand.exitCode(for: error) == .success {
  TuneCommand.exit(withError: error)
} catch {
  FileHandle.standardError.write(Data("error: \(TuneCommand.message(for: error))\n".utf8))
  exit(2)
}
