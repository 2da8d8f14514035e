/// A tensor on the host: a type and its bytes in native order.
public struct Tensor: Hashable, Sendable {
  public let type: TensorType
  public var bytes: [UInt8]

  /// `bytes` holds exactly `type.bytes` bytes.
  public init(_ type: TensorType, bytes: [UInt8]) {
    precondition(bytes.count == type.bytes, "\(type) has \(type.bytes) bytes, not \(bytes.count)")
    self.type = type
    self.bytes = bytes
  }

  public init(_ values: [Float], shape: [Int]) {
    self.init(TensorType(.float32, shape), bytes: values.withUnsafeBytes(Array.init))
  }

  public init(_ values: [Int32], shape: [Int]) {
    self.init(TensorType(.int32, shape), bytes: values.withUnsafeBytes(Array.init))
  }

  public init(_ values: [UInt16], shape: [Int]) {
    self.init(TensorType(.uint16, shape), bytes: values.withUnsafeBytes(Array.init))
  }

  /// The elements as Double, whatever their stored type.
  public var values: [Double] {
    bytes.withUnsafeBytes { raw in
      switch type.element {
      case .uint16: raw.bindMemory(to: UInt16.self).map(Double.init)
      case .int32: raw.bindMemory(to: Int32.self).map(Double.init)
      case .float32: raw.bindMemory(to: Float.self).map(Double.init)
      }
    }
  }

  /// The bit pattern of each element, for exact comparisons.
  package var patterns: [UInt32] {
    bytes.withUnsafeBytes { raw in
      type.element == .uint16
        ? raw.bindMemory(to: UInt16.self).map(UInt32.init)
        : Array(raw.bindMemory(to: UInt32.self))
    }
  }
}

/// A tensor of the reference implementations: the same type, with elements in Double.
///
/// Integer elements are exact in Double.
package struct Reference: Hashable, Sendable {
  package let type: TensorType
  package var values: [Double]

  package init(_ type: TensorType, _ values: [Double]) {
    precondition(values.count == type.count, "\(type) has \(type.count) elements")
    self.type = type
    self.values = values
  }

  package init(_ tensor: Tensor) {
    self.init(tensor.type, tensor.values)
  }

  /// Rounded to the type that devices store.
  package var tensor: Tensor {
    switch type.element {
    case .uint16:
      Tensor(values.map { UInt16(min(max($0, 0), 65535)) }, shape: type.shape)
    case .int32:
      Tensor(values.map { Int32(min(max($0, -0x8000_0000), 0x7fff_ffff)) }, shape: type.shape)
    case .float32: Tensor(values.map(Float.init), shape: type.shape)
    }
  }
}
