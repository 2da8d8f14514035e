import Compute
import Containers

/// The learned numbers of a network: tensors by name, float32.
///
/// Layouts are PyTorch's, whatever file they came from: convolutions [out, in, h, w], transposed
/// convolutions [in, out, h, w], dense layers [out, in] with inputs in the order channel, row, column.
public struct Weights: Sendable {
  public var tensors: [String: Tensor]
  /// The network that the file says it belongs to, and its settings.
  public var configuration: NetworkConfiguration?
  /// Single numbers that a whole-object file keeps beside its tensors, by path.
  public var numbers: [String: Double]
  /// The graph of an ONNX file.
  public var graph: ONNXGraph?
  /// The layers where the file's names may not tell which they are.
  var inOrder: LayersInOrder?

  public init(
    _ tensors: [String: Tensor], configuration: NetworkConfiguration? = nil,
    numbers: [String: Double] = [:], graph: ONNXGraph? = nil
  ) {
    self.tensors = tensors
    self.configuration = configuration
    self.numbers = numbers
    self.graph = graph
  }

  /// Number of values in all tensors.
  public var count: Int { tensors.values.reduce(0) { $0 + $1.type.count } }

  /// The tensor of that name and shape. Throws `WeightError` where there is none.
  public func tensor(_ name: String, _ shape: [Int]) throws(WeightError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw .missing(tensor: name, expected: shape, found: tensors.keys.sorted())
    }
    guard tensor.type.shape == shape else {
      throw .shape(tensor: name, expected: shape, found: tensor.type.shape)
    }
    return tensor
  }

  /// The shape of a tensor, empty where there is none.
  public func shape(_ name: String) -> [Int] { tensors[name]?.type.shape ?? [] }

  /// What stands before `name` in this file: of several prefixes that with the fewest parts, of those the
  /// first in the alphabet. Nil where no tensor has that name behind any prefix.
  func prefix(of name: String) -> String? { Self.prefix(of: name, among: tensors.keys) }

  /// The tensor of that name behind whatever prefix, chosen as `prefix(of:)` says.
  func nearest(_ name: String) -> Tensor? { prefix(of: name).flatMap { tensors[$0 + name] } }

  /// A single number of that name: one that a whole object keeps, else a tensor of one value.
  func number(_ name: String) -> Double? {
    if let prefix = Self.prefix(of: name, among: numbers.keys) { return numbers[prefix + name] }
    return nearest(name).flatMap { $0.type.count == 1 ? $0.values[0] : nil }
  }

  private static func prefix(of name: String, among names: some Collection<String>) -> String? {
    names.filter { $0 == name || $0.hasSuffix("." + name) }
      .map { String($0.dropLast(name.count)) }
      .min { (parts($0), $0) < (parts($1), $1) }
  }

  private static func parts(_ prefix: String) -> Int { prefix.count { $0 == "." } }

  /// The tensors whose names begin with the prefix of fewest parts under which all of `names` are
  /// found, without that prefix: wrappers add "module.", "network." or "state_dict." to every name.
  ///
  /// Throws `WeightError.ambiguous` where two such prefixes hold different weights.
  func strippingPrefix(toFind names: [String]) throws(WeightError) -> Weights {
    guard let first = names.first, names.contains(where: { tensors[$0] == nil }) else {
      return self
    }
    let prefixes = tensors.keys.filter { $0.hasSuffix("." + first) }
      .map { String($0.dropLast(first.count)) }
      .filter { prefix in names.allSatisfy { tensors[prefix + $0] != nil } }
      .sorted { (Self.parts($0), $0) < (Self.parts($1), $1) }
    guard let prefix = prefixes.first else { return self }
    for other in prefixes.dropFirst() where Self.parts(other) == Self.parts(prefix) {
      guard names.allSatisfy({ tensors[other + $0] == tensors[prefix + $0] }) else {
        throw .ambiguous(prefixes: [prefix, other].map { String($0.dropLast()) })
      }
    }
    var result = self
    result.tensors = Dictionary(
      uniqueKeysWithValues: tensors.compactMap { name, tensor in
        name.hasPrefix(prefix) ? (String(name.dropFirst(prefix.count)), tensor) : nil
      })
    return result
  }
}

extension Tensor {
  /// The elements of a float32 tensor as they are stored.
  var floats: [Float] {
    precondition(type.element == .float32, "weights are float32")
    return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// The axes in another order: axis k of the result is axis `axes[k]` of this.
  func permuted(_ axes: [Int]) -> Tensor {
    var strides = [Int](repeating: 1, count: type.shape.count)
    for axis in stride(from: strides.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * type.shape[axis + 1]
    }
    let shape = axes.map { type.shape[$0] }
    return Tensor(
      gather(floats, shape: shape, strides: axes.map { strides[$0] }, offset: 0), shape: shape)
  }

  func reshaped(_ shape: [Int]) -> Tensor { Tensor(TensorType(type.element, shape), bytes: bytes) }
}
