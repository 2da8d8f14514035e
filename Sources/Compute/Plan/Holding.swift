/// Something that a device holds once for all executables that use it: a constant, or what launches
/// prepare from constants (packed weights).
///
/// Holdings are equal if their contents are: the same constants, prepared by the same launches with
/// the same parameters.
struct Holding: Hashable, Sendable {
  /// The launches that make it; nil for an unchanged constant.
  let preparing: Choice.Code?
  /// The constants that it is made of, by input of the op that uses it.
  let constants: [Int: Constant]
  /// Its tensors.
  let types: [TensorType]

  init(_ constant: Constant) {
    preparing = nil
    constants = [0: constant]
    types = [constant.tensor.type]
  }

  init(_ preparing: Choice.Code, from constants: [Int: Constant], types: [TensorType]) {
    self.preparing = preparing
    self.constants = constants
    self.types = types
  }

  var bytes: Int { types.bytes }
}
