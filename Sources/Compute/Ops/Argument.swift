import CPUKernels

/// An operand of a launch: the tensor, and the kernel's declaration of it.
struct Argument: Hashable, Sendable {
  let name: String
  let operand: Operand
  /// The elements that the kernel takes here.
  let elements: Set<ElementType>

  /// The fields of an operand struct, in the kernel's order.
  static func list<Operands: BitwiseCopyable>(
    _ operands: Operands, declared: UnsafePointer<glint_operand>, _ count: Int
  ) -> [Argument] {
    // An operand struct consists of pairs of integers, whatever the directions of its fields.
    precondition(MemoryLayout<Operands>.size == count * MemoryLayout<glint_in>.size)
    return withUnsafeBytes(of: operands) { bytes in
      zip(bytes.bindMemory(to: glint_in.self), 0..<count).map { field, index in
        Argument(
          name: String(cString: declared[index].name), operand: Operand(field),
          elements: ElementType.set(declared[index].elements))
      }
    }
  }
}

extension Operand {
  fileprivate init(_ field: glint_in) {
    let index = Int(field.index)
    switch glint_place(UInt32(field.place)) {
    case glint_place_input: self = .input(index)
    case glint_place_output: self = .output(index)
    case glint_place_workspace: self = .workspace(index)
    case glint_place_prepared: self = .prepared(index)
    case glint_place_none: self = .none
    default: preconditionFailure("a list of operands that was not filled in")
    }
  }
}

extension ElementType {
  fileprivate static func set(_ bits: Int32) -> Set<ElementType> {
    let codes: [(ElementType, Int)] = [
      (.uint16, glint_uint16), (.int32, glint_int32), (.float32, glint_float32),
    ]
    return Set(codes.filter { bits & Int32($0.1) != 0 }.map(\.0))
  }
}

/// A field of an operand struct. Its type says what may stand there: `glint_in` a tensor that is
/// read, `glint_out` one that is written; the two `maybe` types also allow none.
package protocol OperandField {
  init(place: Int32, index: Int32)
}

extension OperandField {
  fileprivate init(_ place: glint_place, _ index: Int = 0) {
    self.init(place: Int32(place.rawValue), index: Int32(index))
  }

  package static func workspace(_ index: Int) -> Self { Self(glint_place_workspace, index) }
  package static func prepared(_ index: Int) -> Self { Self(glint_place_prepared, index) }
}

package protocol ReadField: OperandField {}
package protocol WrittenField: OperandField {}
package protocol OptionalField: OperandField {}

extension ReadField {
  package static func input(_ index: Int) -> Self { Self(glint_place_input, index) }
}

extension WrittenField {
  package static func output(_ index: Int) -> Self { Self(glint_place_output, index) }
}

extension OptionalField {
  package static var none: Self { Self(glint_place_none) }
}

extension glint_in: ReadField {}
extension glint_maybe_in: ReadField, OptionalField {}
extension glint_out: WrittenField {}
extension glint_maybe_out: WrittenField, OptionalField {}

/// A launch passes a tensor that its kernel does not accept.
package struct OperandError: Error, CustomStringConvertible {
  package let kernel: String
  package let operand: String
  package let reason: String

  package var description: String { "\(kernel): its operand `\(operand)` \(reason)" }
}

extension Argument {
  /// Throws unless the tensor exists and has an element type that the kernel accepts.
  ///
  /// - Parameter type: the tensor as it lies in memory; nil if the op has no such tensor.
  func check(_ type: TensorType?, kernel: String) throws(OperandError) {
    if operand == .none { return }
    guard let type else {
      throw OperandError(kernel: kernel, operand: name, reason: "is \(operand), which is not there")
    }
    guard elements.contains(type.element) else {
      let taken = elements.map(\.rawValue).sorted().joined(separator: " or ")
      throw OperandError(
        kernel: kernel, operand: name, reason: "takes \(taken), not \(operand): \(type)")
    }
  }
}
