import Foundation

/// The properties of an op that may decide which candidate is fastest.
package struct TuningCase: Codable, Hashable, Sendable {
  /// The op and its parameters other than sizes: "convolution 3×3 s1".
  package var form: String
  package var channels: Int
  package var outputs: Int
  /// Pixels of the result, over the batch.
  package var pixels: Int

  package init(form: String, channels: Int, outputs: Int, pixels: Int) {
    self.form = form
    self.channels = channels
    self.outputs = outputs
    self.pixels = pixels
  }

  /// Distance between two cases of one form, in doublings. Pixels count less, because beyond
  /// filling the device they change little.
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
package protocol Tunable: Op {
  func tuningCase(_ inputs: [TensorType], _ outputs: [TensorType]) -> TuningCase
}

/// The fastest candidates, as measured by `glint-tune` and stored in `Kernels/tuning.json`.
public struct TuningTable: Codable, Hashable, Sendable {
  package struct Row: Codable, Hashable, Sendable {
    package var at: TuningCase
    package var fastest: String
    /// Time of every candidate that was tried.
    package var microseconds: [String: Double]

    /// `order`: the op's candidates, best first. Timings vary by about a tenth, so a candidate less
    /// than a tenth slower than the fastest keeps its rank.
    package init(at: TuningCase, microseconds: [String: Double], order: [String]) {
      self.at = at
      self.microseconds = microseconds
      let least = microseconds.values.min() ?? 0
      fastest = order.first { microseconds[$0].map { $0 <= 1.1 * least } ?? false } ?? ""
    }
  }

  /// Rows by `DeviceInfo.tuningName`.
  package var devices: [String: [Row]]

  package init(devices: [String: [Row]] = [:]) { self.devices = devices }

  /// Reads a table; throws `DecodingError` if the data is not one.
  public init(json: Data) throws { self = try JSONDecoder().decode(TuningTable.self, from: json) }

  /// The form that `glint-tune` writes; equal tables give equal bytes.
  package var json: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return try encoder.encode(self)
    }
  }

  /// The table that was embedded when Glint was built.
  public static let builtIn: TuningTable = {
    KernelText.file("tuning.json").flatMap { try? TuningTable(json: Data($0.utf8)) }
      ?? TuningTable()
  }()

  /// The fastest candidate of the nearest case measured on the device, at most two doublings of
  /// channels away; nil if there is none.
  func candidate(for wanted: TuningCase, on device: DeviceInfo) -> String? {
    let rows = devices[device.tuningName] ?? []
    let near = rows.compactMap { row in
      wanted.distance(to: row.at).map { (distance: $0, name: row.fastest) }
    }.filter { $0.distance <= 2 }
    return near.min { $0.distance < $1.distance }?.name
  }
}

extension DeviceInfo {
  /// The properties that decide which candidate is fast: for a GPU its name; for a processor its
  /// numbers and the instruction set, or in OpenCL the runtime's name ("PoCL").
  package var tuningName: String {
    switch kind {
    case .cpu: "\(Processor.identity), \(driver)"
    case .openCLCPU:
      // "OpenCL 1.2 PoCL HSTR: …": after the version, the format is up to the runtime.
      "\(Processor.identity), \(driver.split(separator: " ").dropFirst(2).first ?? "OpenCL")"
    case .openCLGPU, .openCLOther: hardware
    }
  }
}

extension Convolution: Tunable {
  package func tuningCase(_ inputs: [TensorType], _ outputs: [TensorType]) -> TuningCase {
    let w = inputs[1].shape
    return TuningCase(
      form: "\(Self.name) \(w[0])×\(w[1]) s\(stride)" + (dilation > 1 ? " dilated" : "")
        + (enlargement > 1 ? " ×\(enlargement)" : ""),
      channels: w[2], outputs: w[3], pixels: outputs[0].pixels)
  }
}

extension Dense: Tunable {
  package func tuningCase(_ inputs: [TensorType], _ outputs: [TensorType]) -> TuningCase {
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
