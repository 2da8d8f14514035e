import Compute
import Containers

/// The learned numbers of a network: tensors by name, float32.
///
/// Layouts are PyTorch's for all kinds of files: convolutions [out, in, h, w], transposed
/// convolutions [in, out, h, w], dense layers [out, in] with inputs in the order channel, row,
/// column.
public struct Weights: Sendable {
  public var tensors: [String: Tensor]
  /// The network that the file states, and its settings.
  package var configuration: NetworkConfiguration?
  /// Other texts that a safetensors file holds, by key.
  package var texts: [String: String] = [:]
  /// Single numbers that a whole-object file holds besides its tensors, by path.
  package var numbers: [String: Double]
  /// The graph of an ONNX file.
  package var graph: ONNXGraph?
  /// The layers in order, if the file's names may not identify them.
  var inOrder: LayersInOrder?

  package init(
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

  /// The tensor of that name and shape. Throws `WeightError` if there is none.
  public func tensor(_ name: String, _ shape: [Int]) throws(WeightError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw .missing(tensor: name, expected: shape, found: tensors.keys.sorted())
    }
    guard tensor.type.shape == shape else {
      throw .shape(tensor: name, expected: shape, found: tensor.type.shape)
    }
    return tensor
  }

  /// The shape of a tensor; empty if there is none.
  public func shape(_ name: String) -> [Int] { tensors[name]?.type.shape ?? [] }

  /// The prefix of `name` in this file: of several, the one with the fewest parts, then the first
  /// in alphabetical order. Nil if no tensor has that name with any prefix.
  func prefix(of name: String) -> String? { Self.prefix(of: name, among: tensors.keys) }

  /// The tensor of that name with any prefix, chosen as in `prefix(of:)`.
  func nearest(_ name: String) -> Tensor? { prefix(of: name).flatMap { tensors[$0 + name] } }

  /// A single number of that name: one from a whole object, otherwise a tensor with one value.
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

  /// The tensors under the prefix with the fewest parts that has all of `names`, without that
  /// prefix: wrappers add "module.", "network." or "state_dict." to every name.
  ///
  /// Throws `WeightError.ambiguous` if two such prefixes have different weights.
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
  /// The stored elements of a float32 tensor.
  var floats: [Float] {
    precondition(type.element == .float32, "weights are float32")
    return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// Permutes the axes: axis k of the result is axis `axes[k]` of this tensor.
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
