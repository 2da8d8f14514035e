/// The element of a tensor.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
  case uint16
  case int32
  case float32

  public var bytes: Int { self == .uint16 ? 2 : 4 }
}

/// Shape and element of a tensor; the last axis is contiguous in memory.
public struct TensorType: Hashable, Sendable, CustomStringConvertible {
  public let shape: [Int]
  public let element: ElementType
  /// Number of elements.
  public let count: Int

  public init(_ element: ElementType, _ shape: [Int]) {
    precondition(shape.allSatisfy { $0 >= 0 }, "an axis has no negative length")
    self.shape = shape
    self.element = element
    count = shape.reduce(1, *)
  }

  public init(_ element: ElementType, _ shape: Int...) {
    self.init(element, shape)
  }

  public var bytes: Int { count * element.bytes }
  public var description: String {
    "\(element)[\(shape.map(String.init).joined(separator: "×"))]"
  }
}

extension [TensorType] {
  var bytes: Int { reduce(0) { $0 + $1.bytes } }
}
