/// A graph made ready for one device: a flat list of launches, and where each tensor lies.
///
/// The passes, each in its own file: fold constants, rewrite, fuse convolutions and epilogues, order
/// updates, place the parts of concatenations, choose candidates, place tensors. `explain()` shows what
/// they decided.
///
/// Tensors lie in three places. Inputs, outputs and what is between them lie in the executable's own
/// **arena**. Constants, and what is prepared from them, are **held** by the device once for all
/// executables. Parameters that ops may overwrite are **state** in a `ParameterStore`.
///
/// A parameter is a constant where the plan is given its value, else state. An output of the name of a
/// state parameter is its new value and is written over the old one. An input may be state in the same way:
/// it belongs to the one executable, starts as zeros, and the host may write and read it.
public struct Plan: Sendable {
  public let device: DeviceInfo
  public let arena: Arena
  /// After the passes.
  public let graph: Graph
  /// Whether tensors lie apart and scratch has guard zones, for tests.
  let guarded: Bool
  let steps: [Step]
  let inputs: [String: Int]
  let outputs: [String: Place]
  /// What the device holds for it, each thing once.
  let holdings: [Holding]
  let states: [(name: String, type: TensorType)]
  /// Bytes of the graph's constants on the host, without those that are the given parameters' own tensors:
  /// what passes made of parameters, and constants that were part of the graph.
  public let constantBytes: Int

  /// Where a tensor lies.
  enum Place: Hashable, Sendable {
    /// A slot of the arena.
    case arena(Int)
    /// A holding, and which of its tensors.
    case held(Int, part: Int)
    /// A parameter in a store.
    case state(Int)
  }

  /// One op as it will run.
  struct Step: Sendable {
    let op: any Op
    let choice: Choice
    let types: (inputs: [TensorType], outputs: [TensorType])
    /// That of a part of a concatenation is the whole's; nil for a constant that is only prepared from.
    let inputs: [Place?]
    let outputs: [Place]
    let workspace: [Place]
    let prepared: [Place]
    /// Whether the prepared tensors depend on constants alone, so that the device holds them.
    let preparesOnce: Bool

    /// Nil for an absent operand, and for a tensor that the op does not have.
    func place(_ operand: Operand) -> Place? {
      func at(_ index: Int, _ places: [Place?]) -> Place? {
        places.indices.contains(index) ? places[index] : nil
      }
      return switch operand {
      case .input(let index): at(index, inputs)
      case .output(let index): at(index, outputs)
      case .workspace(let index): at(index, workspace)
      case .prepared(let index): at(index, prepared)
      case .none: nil
      }
    }

    /// Throws unless every launch gives its kernel tensors that it takes; `type` is that at a place.
    func check(_ type: (Place) -> TensorType) throws(OperandError) {
      for (kernel, arguments) in choice.arguments {
        for argument in arguments {
          var found = place(argument.operand).map(type)
          if case .input(let index) = argument.operand, types.inputs.indices.contains(index) {
            found = found ?? types.inputs[index]
          }
          try argument.check(found, kernel: kernel)
        }
      }
    }
  }

  /// Plans a graph for a device.
  ///
  /// - Parameters:
  ///   - parameters: values of parameters that become constants; the graph's other parameters are state.
  ///   - forcing: candidate names by op name, for tests and comparisons.
  ///   - tuning: which candidates were measured to be fastest on which device.
  ///   - halfStorage: keeps what convolutions, pools and enlargements exchange in half precision on an
  ///     OpenCL device: half the memory and traffic, each value rounded to 11 bits, at most 65504.
  ///   - guarded: keeps tensors apart with guard zones, for tests.
  /// - Throws: `PlanError` where no candidate applies, or a forced one declines; `OperandError` where
  ///   a candidate gives a kernel a tensor that it does not take; `ParameterError` where a value has
  ///   another type than its parameter, or a state cannot be overwritten; `DeviceError.memory` where the
  ///   arena does not fit the device, `.indices` where a tensor is too large for its kernels.
  public init(
    _ graph: Graph, for device: DeviceInfo, parameters: ParameterValues = [:],
    forcing: [String: String] = [:], tuning: TuningTable = .builtIn, halfStorage: Bool = false,
    guarded: Bool = false
  ) throws {
    let graph = try graph.fixing(parameters).foldingConstants().rewritten().fusingConvolutions()
      .fusingEpilogues().orderingUpdates()
    let placement = try Placement(
      graph, on: device, forcing: forcing, tuning: tuning, halfStorage: halfStorage)
    self.device = device
    self.guarded = guarded
    self.graph = graph
    steps = placement.steps
    inputs = placement.inputs
    outputs = placement.outputs
    holdings = placement.holdings
    states = placement.states
    let given = Set(parameters.constants.values.map(ObjectIdentifier.init))
    let own = Dictionary(
      graph.constants.map { (ObjectIdentifier($0), $0.tensor.type.bytes) },
      uniquingKeysWith: { a, _ in a })
    constantBytes = own.reduce(0) { $0 + (given.contains($1.key) ? 0 : $1.value) }
    let types = placement.requests.map(\.type) + holdings.flatMap(\.types) + states.map(\.type)
    // OpenCL kernels count elements and work-items in 32 bits.
    if device.kind != .cpu, let large = types.first(where: { $0.count > Int32.max }) {
      throw DeviceError.indices(large, limit: Int(Int32.max), device: device.name)
    }
    arena = Arena(placement.requests, alignment: device.alignment, guarded: guarded)
    let largest = max(arena.bytes, holdings.flatMap(\.types).map(\.bytes).max() ?? 0)
    guard largest <= device.maxAllocation else {
      throw DeviceError.memory(
        needed: largest, available: device.maxAllocation, device: device.name)
    }
    for step in steps { try step.check { type(at: $0) } }
  }

  /// Scratch of all threads of a CPU.
  var scratch: Int {
    let largest = steps.map(\.choice.scratch).max() ?? 0
    return device.kind == .cpu ? (largest + 4095) / 4096 * 4096 * device.units : 0
  }

  /// Bytes that an executable of this plan takes for itself: the arena and the scratch of its threads.
  public var bytes: Int { arena.bytes + scratch }

  /// Bytes that the device holds for it: constants in the forms that its launches read. Executables that
  /// want the same share them.
  public var heldBytes: Int { holdings.reduce(0) { $0 + $1.bytes } }

  /// Bytes of the inputs and outputs, state apart, which a host keeps copies of.
  public var portBytes: Int {
    let written = inputs.filter { outputs[$0.key] == nil }.values.map { type(at: .arena($0)) }
    let read = outputs.filter { graph.source(named: $0.key) == nil }.values.map { type(at: $0) }
    return (written + read).reduce(0) { $0 + $1.bytes }
  }

  /// The type of an output; `DeviceError.unknownPort` where there is none of that name.
  public func outputType(_ name: String) throws(DeviceError) -> TensorType {
    type(at: try output(name, for: 0))
  }

  /// The place of an output that is to be read: `bytes` bytes of it, from its start.
  func output(_ name: String, for bytes: Int) throws(DeviceError) -> Place {
    guard let place = outputs[name] else { throw .unknownPort(name, known: outputs.keys.sorted()) }
    try check(name, type(at: place), bytes)
    return place
  }

  /// The slot of an input that is to be written.
  func input(_ name: String, for bytes: Int) throws(DeviceError) -> Int {
    guard let slot = inputs[name] else { throw .unknownPort(name, known: inputs.keys.sorted()) }
    try check(name, arena.slots[slot].type, bytes)
    return slot
  }

  private func check(_ name: String, _ type: TensorType, _ bytes: Int) throws(DeviceError) {
    guard bytes <= type.bytes else { throw .portSize(name, type, bytes: bytes) }
  }

  func type(at place: Place) -> TensorType {
    switch place {
    case .arena(let slot): arena.slots[slot].type
    case .held(let holding, let part): holdings[holding].types[part]
    case .state(let index): states[index].type
    }
  }
}
