/// A graph made ready for one device: a flat list of launches over one arena.
///
/// The passes, each in its own file: fold constants, rewrite, fuse convolutions and epilogues, place
/// the parts of concatenations, choose candidates, place tensors in the arena. `explain()` shows what
/// they decided.
///
/// A name that is both input and output is **state**: the output is written over the input, so that
/// what one run leaves there the next one finds. It starts as zeros; the host may write and read it.
public struct Plan: Sendable {
  public let device: DeviceInfo
  public let arena: Arena
  /// After the passes.
  public let graph: Graph
  /// Whether tensors lie apart and scratch has guard zones, for tests.
  let guarded: Bool
  let steps: [Step]
  let inputs: [String: Int]
  let outputs: [String: Int]
  let constants: [(slot: Int, tensor: Tensor)]

  /// One op as it will run.
  struct Step: Sendable {
    let op: any Op
    let choice: Choice
    let types: (inputs: [TensorType], outputs: [TensorType])
    /// Slots; that of a part of a concatenation is the whole's.
    let inputs: [Int]
    let outputs: [Int]
    let workspace: [Int]
    let prepared: [Int]
    /// Whether the prepared tensors depend on constants alone.
    let preparesOnce: Bool

    func slot(_ operand: Operand) -> Int? {
      switch operand {
      case .input(let index): inputs[index]
      case .output(let index): outputs[index]
      case .workspace(let index): workspace[index]
      case .prepared(let index): prepared[index]
      case .none: nil
      }
    }
  }

  /// Plans a graph for a device.
  ///
  /// - Parameters:
  ///   - forcing: candidate names by op name, for tests and comparisons.
  ///   - tuning: which candidates were measured to be fastest on which device.
  ///   - halfStorage: keeps what convolutions, pools and enlargements exchange in half precision on an
  ///     OpenCL device: half the memory and traffic, each value rounded to 11 bits, at most 65504.
  ///   - guarded: keeps tensors apart with guard zones, for tests.
  /// - Throws: `PlanError` where no candidate applies, or a forced one declines; `DeviceError.memory`
  ///   where the arena does not fit the device, `.indices` where a tensor is too large for its kernels.
  public init(
    _ graph: Graph, for device: DeviceInfo, forcing: [String: String] = [:],
    tuning: TuningTable = .builtIn, halfStorage: Bool = false, guarded: Bool = false
  ) throws {
    let graph = try graph.foldingConstants().rewritten().fusingConvolutions()
      .fusingEpilogues()
    self.device = device
    self.guarded = guarded
    self.graph = graph

    var requests: [(type: TensorType, life: ClosedRange<Int>, label: String)] = []
    var slotOf: [Graph.Value: Int] = [:]
    var steps: [Step] = []
    var inputs: [String: Int] = [:]
    var constants: [(Int, Tensor)] = []
    let always = -1...graph.nodes.count
    let lastUse = graph.lastUses
    let stateOf = graph.states(lastUse)
    let placed = graph.placedParts()
    let halves = halfStorage && device.kind != .cpu ? graph.storableHalves(placed) : []
    /// As it lies in memory: two bytes per element stand for a half.
    func stored(_ value: Graph.Value) -> TensorType {
      let type = graph.type(of: value)
      return halves.contains(value) ? TensorType(.uint16, type.shape) : type
    }
    func range(_ value: Graph.Value) -> ChannelRange? {
      placed[value].map { ChannelRange(first: $0.first, pitch: graph.type(of: $0.whole).channels) }
    }
    /// A concatenation lives from its first part in place to the last use of any.
    func life(_ value: Graph.Value) -> ClosedRange<Int> {
      let parts = placed.keys.filter { placed[$0]?.whole == value } + [value]
      let nodes = parts.map(\.node)
      return nodes.min()!...max(nodes.max()!, parts.compactMap { lastUse[$0] }.max() ?? 0)
    }

    for (index, node) in graph.nodes.enumerated() {
      let values = node.types.indices.map { Graph.Value(node: index, output: $0) }
      switch node.source {
      case .input(let name):
        inputs[name] = requests.count
        slotOf[values[0]] = requests.count
        requests.append((node.types[0], always, name))
      case .constant(let tensor):
        constants.append((requests.count, tensor))
        slotOf[values[0]] = requests.count
        requests.append((node.types[0], always, "constant"))
      case .op(let op, let sources):
        var site = Site(
          inputs: sources.map { graph.type(of: $0) }, outputs: node.types, device: device)
        for (input, source) in sources.enumerated() { site.inputRanges[input] = range(source) }
        site.outputRange = range(values[0])
        site.halfInputs = Set(sources.indices.filter { halves.contains(sources[$0]) })
        site.halfOutput = halves.contains(values[0])
        let choice = try Choice(op, at: site, forced: forcing[op.name], tuning: tuning)
        for value in values {
          if let input = stateOf[value] {
            slotOf[value] = slotOf[input]
            continue
          }
          let whole = placed[value]?.whole ?? value
          if slotOf[whole] == nil {
            slotOf[whole] = requests.count
            requests.append((stored(whole), life(whole), op.label))
          }
          slotOf[value] = slotOf[whole]
        }
        let workspace = choice.workspace.indices.map { requests.count + $0 }
        for type in choice.workspace {
          requests.append((type, index...index, "\(op.label) workspace"))
        }
        let once = choice.preparedFrom.allSatisfy { graph.isConstant(sources[$0]) }
        let prepared = choice.prepared.indices.map { requests.count + $0 }
        for type in choice.prepared {
          requests.append((type, once ? always : index...index, "\(op.label) prepared"))
        }
        steps.append(
          Step(
            op: op, choice: choice, types: (site.inputs, site.outputs),
            inputs: sources.map { slotOf[$0]! },
            outputs: values.map { slotOf[$0]! }, workspace: workspace, prepared: prepared,
            preparesOnce: once))
      }
    }
    // A constant from which something is prepared, and which nothing else reads, is there only once.
    let kept = Set(
      steps.flatMap { step in
        step.choice.readAfterwards.union(step.preparesOnce ? [] : step.choice.preparedFrom)
          .map { step.inputs[$0] }
      } + graph.outputs.map { slotOf[$0.value]! })
    for (slot, _) in constants where !kept.contains(slot) { requests[slot].life = -1...(-1) }
    self.steps = steps
    self.inputs = inputs
    self.constants = constants
    outputs = Dictionary(uniqueKeysWithValues: graph.outputs.map { ($0.name, slotOf[$0.value]!) })
    // OpenCL kernels count elements and work-items in 32 bits.
    if device.kind != .cpu, let large = requests.first(where: { $0.type.count > Int32.max }) {
      throw DeviceError.indices(large.type, limit: Int(Int32.max), device: device.name)
    }
    arena = Arena(requests, alignment: device.alignment, guarded: guarded)
    guard arena.bytes <= device.maxAllocation else {
      throw DeviceError.memory(
        needed: arena.bytes, available: device.maxAllocation, device: device.name)
    }
  }

  /// Scratch of all threads of a CPU.
  var scratch: Int {
    let largest = steps.map(\.choice.scratch).max() ?? 0
    return device.kind == .cpu ? (largest + 4095) / 4096 * 4096 * device.units : 0
  }

  /// Bytes that an executable of this plan takes: the arena and the scratch of its threads.
  public var bytes: Int { arena.bytes + scratch }

  /// Bytes of the inputs and outputs, state apart, which a host keeps copies of.
  public var portBytes: Int {
    let state = Set(inputs.keys).intersection(outputs.keys)
    return (Array(inputs) + Array(outputs)).filter { !state.contains($0.key) }
      .reduce(0) { $0 + arena.slots[$1.value].type.bytes }
  }

  /// Where an output lies and what it is.
  public func output(_ name: String) throws(DeviceError) -> Slot {
    arena.slots[try slot(name, in: outputs, for: 0)]
  }

  /// The slot of a port that is to be written or read: `bytes` bytes of it, from its start.
  func slot(_ name: String, in ports: [String: Int], for bytes: Int) throws(DeviceError) -> Int {
    guard let slot = ports[name] else {
      throw .unknownPort(name, known: ports.keys.sorted())
    }
    let type = arena.slots[slot].type
    guard bytes <= type.bytes else { throw .portSize(name, type, bytes: bytes) }
    return slot
  }
}

extension Graph {
  /// The input that each state's new value is written over. Nothing may read the old value after the
  /// op that makes the new one, which must allow both to lie in one place.
  fileprivate func states(_ lastUse: [Value: Int]) -> [Value: Value] {
    var result: [Value: Value] = [:]
    for (index, node) in nodes.enumerated() {
      guard case .input(let name) = node.source,
        let value = outputs.first(where: { $0.name == name })?.value, value.node != index
      else { continue }
      let input = Value(node: index, output: 0)
      precondition(
        type(of: value) == type(of: input) && (lastUse[input] ?? index) <= value.node,
        "the state \(name) is read after it changed, or changes its type")
      result[value] = input
    }
    return result
  }

  /// The last node that uses each value; outputs are used after the last of all.
  fileprivate var lastUses: [Value: Int] {
    var last: [Value: Int] = [:]
    for (index, node) in nodes.enumerated() {
      if case .op(_, let inputs) = node.source { for input in inputs { last[input] = index } }
    }
    for (_, value) in outputs { last[value] = nodes.count }
    return last
  }
}
