import Foundation

/// What tells cases of an op apart that may want different candidates.
public struct TuningCase: Codable, Hashable, Sendable {
  /// The op and what of it is no size: "convolution 3×3 s1".
  public var form: String
  public var channels: Int
  public var outputs: Int
  /// Of the result, over the batch.
  public var pixels: Int

  public init(form: String, channels: Int, outputs: Int, pixels: Int) {
    self.form = form
    self.channels = channels
    self.outputs = outputs
    self.pixels = pixels
  }

  /// Doublings between two cases of one form; pixels count less, since they only fill a device.
  func distance(to other: TuningCase) -> Double? {
    guard form == other.form else { return nil }
    func doublings(_ a: Int, _ b: Int) -> Double {
      abs(log2(Double(max(a, 1)) / Double(max(b, 1))))
    }
    return doublings(channels, other.channels) + doublings(outputs, other.outputs)
      + doublings(pixels, other.pixels) / 2
  }
}

/// An op whose candidates are worth measuring on each device.
public protocol Tunable: Op {
  func tuningCase(_ inputs: [TensorType], _ outputs: [TensorType]) -> TuningCase
}

/// Which candidate was fastest where: data that `glint-tune` measured, kept in `Kernels/tuning.json`.
public struct TuningTable: Codable, Hashable, Sendable {
  public struct Row: Codable, Hashable, Sendable {
    public var at: TuningCase
    public var fastest: String
    /// Of every candidate that was tried.
    public var microseconds: [String: Double]

    /// `order`: the op's candidates, best first; one that is not a tenth slower than the fastest
    /// keeps its place, since timings vary by as much.
    public init(at: TuningCase, microseconds: [String: Double], order: [String]) {
      self.at = at
      self.microseconds = microseconds
      let least = microseconds.values.min() ?? 0
      fastest = order.first { microseconds[$0].map { $0 <= 1.1 * least } ?? false } ?? ""
    }
  }

  /// By `DeviceInfo.tuningName`.
  public var devices: [String: [Row]]

  public init(devices: [String: [Row]] = [:]) { self.devices = devices }

  /// Reads a table; throws `DecodingError` for a file that is none.
  public init(json: Data) throws { self = try JSONDecoder().decode(TuningTable.self, from: json) }

  /// As `glint-tune` writes it, the same bytes for the same table.
  public var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return try encoder.encode(self)
    }
  }

  /// The table that Glint was built with.
  public static let builtIn: TuningTable = {
    KernelText.file("tuning.json").flatMap { try? TuningTable(json: Data($0.utf8)) }
      ?? TuningTable()
  }()

  /// The fastest candidate of the nearest case that was measured on the device, at most two doublings
  /// of channels away; nil where there is none.
  func candidate(for wanted: TuningCase, on device: DeviceInfo) -> String? {
    let rows = devices[device.tuningName] ?? []
    let near = rows.compactMap { row in
      wanted.distance(to: row.at).map { (distance: $0, name: row.fastest) }
    }.filter { $0.distance <= 2 }
    return near.min { $0.distance < $1.distance }?.name
  }
}

extension DeviceInfo {
  /// What decides which candidate is fast: a GPU by its name; a processor by its numbers, with the
  /// instruction set, or in OpenCL with the first word that the runtime says of itself ("PoCL").
  public var tuningName: String {
    switch kind {
    case .cpu: "\(Processor.identity), \(driver)"
    case .openCLCPU:
      // "OpenCL 1.2 PoCL HSTR: …": after the version the runtime is free to say what it wants.
      "\(Processor.identity), \(driver.split(separator: " ").dropFirst(2).first ?? "OpenCL")"
    case .openCLGPU, .openCLOther: hardware
    }
  }
}

extension Convolution: Tunable {
  public func tuningCase(_ inputs: [TensorType], _ outputs: [TensorType]) -> TuningCase {
    let w = inputs[1].shape
    return TuningCase(
      form: "\(Self.name) \(w[0])×\(w[1]) s\(stride)" + (dilation > 1 ? " dilated" : "")
        + (enlargement > 1 ? " ×\(enlargement)" : ""),
      channels: w[2], outputs: w[3], pixels: outputs[0].pixels)
  }
}

extension Dense: Tunable {
  public func tuningCase(_ inputs: [TensorType], _ outputs: [TensorType]) -> TuningCase {
    TuningCase(
      form: Self.name, channels: inputs[1].shape[0], outputs: inputs[1].shape[1],
      pixels: outputs[0].shape[0])
  }
}

extension Plan {
  /// The ops of the plan that can be tuned, with the types of their inputs.
  package var tunable: [(op: any Tunable, inputs: [TensorType], at: TuningCase)] {
    steps.compactMap { step in
      (step.op as? any Tunable).map {
        ($0, step.types.inputs, $0.tuningCase(step.types.inputs, step.types.outputs))
      }
    }
  }
}
