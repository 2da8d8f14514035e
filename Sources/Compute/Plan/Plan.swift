/// A graph compiled for one device: a list of launches, and the location of each tensor.
///
/// The passes, each in its own file: fold constants, rewrite, fuse convolutions and epilogues,
/// order updates, place the parts of concatenations, choose candidates, place tensors. `explain()`
/// shows the result.
///
/// Tensors are in three places. Inputs, outputs and intermediate tensors are in the executable's
/// own **arena**. Constants, and what is prepared from them, are **held** by the device once for
/// all executables. Parameters that ops may overwrite are **state** in a `ParameterStore`.
///
/// A parameter is a constant if the plan is given its value, otherwise state. An output with the
/// name of a state parameter is its new value and overwrites the old one. An input may be state in
/// the same way: it then belongs to one executable and starts as zeros, and the host may write and
/// read it.
public struct Plan: Sendable {
  public let device: DeviceInfo
  package let arena: Arena
  /// The graph after the passes.
  package let graph: Graph
  /// Whether tensors lie apart and scratch has guard zones, for tests.
  let guarded: Bool
  let steps: [Step]
  let inputs: [String: Int]
  let outputs: [String: Place]
  /// What the device holds for this plan, without repeats.
  let holdings: [Holding]
  let states: [(name: String, type: TensorType)]
  /// Bytes of the graph's constants on the host, without the given parameters' own tensors:
  /// constants that passes made from parameters, and those that were part of the graph.
  package let constantBytes: Int

  /// The location of a tensor.
  enum Place: Hashable, Sendable {
    /// A slot of the arena.
    case arena(Int)
    /// One tensor of a holding.
    case held(Int, part: Int)
    /// A parameter in a store.
    case state(Int)
  }

  /// One op in its final form.
  struct Step: Sendable {
    let op: any Op
    let choice: Choice
    let types: (inputs: [TensorType], outputs: [TensorType])
    /// A part of a concatenation has the location of the whole; nil for a constant that is only
    /// used to prepare others.
    let inputs: [Place?]
    let outputs: [Place]
    let workspace: [Place]
    let prepared: [Place]
    /// Whether the prepared tensors depend only on constants, so that the device holds them.
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

    /// Throws unless every launch passes tensors that its kernel accepts; `type` gives the type at
    /// a place.
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
  ///   - graph: the computation.
  ///   - device: the device that will run it.
  ///   - parameters: values of parameters that become constants; the graph's other parameters are
  ///     state.
  ///   - forcing: candidate names by op name, for tests and comparisons.
  ///   - tuning: which candidates were measured to be fastest on which device.
  ///   - halfStorage: on an OpenCL device, stores the results of convolutions, pools and
  ///     enlargements in half precision: half the memory and traffic, values rounded to 11 bits, at
  ///     most 65504.
  ///   - guarded: keeps tensors apart with guard zones, for tests.
  /// - Throws: `PlanError` if no candidate applies or a forced one declines; `OperandError` if a
  ///   candidate passes a tensor that a kernel does not accept; `ParameterError` if a value and its
  ///   parameter differ in type, or a state cannot be overwritten; `DeviceError.memory` if the
  ///   arena does not fit the device, `.indices` if a tensor is too large for its kernels.
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

  /// Bytes of scratch of all threads of a CPU.
  var scratch: Int {
    let largest = steps.map(\.choice.scratch).max() ?? 0
    return device.kind == .cpu ? (largest + 4095) / 4096 * 4096 * device.units : 0
  }

  /// Bytes that an executable of this plan allocates for itself: the arena and its threads'
  /// scratch.
  public var bytes: Int { arena.bytes + scratch }

  /// Bytes that the device holds for this plan: constants in the layouts that its launches read.
  /// Executables that use the same constants share them.
  public var heldBytes: Int { holdings.reduce(0) { $0 + $1.bytes } }

  /// Bytes of the inputs and outputs without state; a host keeps copies of these.
  package var portBytes: Int {
    let written = inputs.filter { outputs[$0.key] == nil }.values.map { type(at: .arena($0)) }
    let read = outputs.filter { graph.source(named: $0.key) == nil }.values.map { type(at: $0) }
    return (written + read).bytes
  }

  /// The type of an output; throws `DeviceError.unknownPort` if there is none of that name.
  package func outputType(_ name: String) throws(DeviceError) -> TensorType {
    type(at: try output(name, for: 0))
  }

  /// The location of an output of which the first `bytes` bytes are to be read.
  func output(_ name: String, for bytes: Int) throws(DeviceError) -> Place {
    guard let place = outputs[name] else { throw .unknownPort(name, known: outputs.keys.sorted()) }
    try check(name, type(at: place), bytes)
    return place
  }

  /// The slot of an input of which the first `bytes` bytes are to be written.
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
