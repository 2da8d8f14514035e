/// The locations of a graph's tensors on a device, and the candidates chosen for its ops.
struct Placement {
  /// The tensors that need room in the arena.
  private(set) var requests: [(type: TensorType, life: ClosedRange<Int>, label: String)] = []
  private(set) var steps: [Plan.Step] = []
  private(set) var inputs: [String: Int] = [:]
  private(set) var outputs: [String: Plan.Place] = [:]
  private(set) var holdings: [Holding] = []
  private(set) var states: [(name: String, type: TensorType)] = []

  private let graph: Graph
  private let device: DeviceInfo
  private let placed: [Graph.Value: Graph.PlacedPart]
  private let halves: Set<Graph.Value>
  private let lastUse: [Graph.Value: Int]
  private var placeOf: [Graph.Value: Plan.Place] = [:]
  private var indexOf: [Holding: Int] = [:]

  init(
    _ graph: Graph, on device: DeviceInfo, forcing: [String: String], tuning: TuningTable,
    halfStorage: Bool
  ) throws {
    self.graph = graph
    self.device = device
    placed = graph.placedParts()
    halves = halfStorage && device.kind != .cpu ? graph.storableHalves(placed) : []
    lastUse = graph.lastUses
    let updates = try graph.updates()
    for (index, node) in graph.nodes.enumerated() {
      let value = Graph.Value(node: index, output: 0)
      switch node.source {
      case .input(let name):
        inputs[name] = requests.count
        placeOf[value] = request(node.types[0], always, name)
      case .parameter(let name):
        placeOf[value] = .state(states.count)
        states.append((name, node.types[0]))
      case .constant: break  // held where something reads it
      case .op(let op, let sources):
        let choice = try Choice(
          op, at: site(of: value, sources), forced: forcing[op.name], tuning: tuning)
        place(op, index, sources, choice, updates)
      }
    }
    for (name, value) in graph.outputs {
      outputs[name] = placeOf[value] ?? graph.sharedConstant(at: value).map { hold(Holding($0)) }
    }
  }

  private var always: ClosedRange<Int> { -1...graph.nodes.count }

  private mutating func request(
    _ type: TensorType, _ life: ClosedRange<Int>, _ label: String
  ) -> Plan.Place {
    requests.append((type, life, label))
    return .arena(requests.count - 1)
  }

  /// The place of a holding's first tensor.
  private mutating func hold(_ holding: Holding) -> Plan.Place {
    let index = indexOf[holding] ?? holdings.count
    if index == holdings.count {
      indexOf[holding] = index
      holdings.append(holding)
    }
    return .held(index, part: 0)
  }

  private func site(of value: Graph.Value, _ sources: [Graph.Value]) -> Site {
    var site = Site(
      inputs: sources.map { graph.type(of: $0) }, outputs: graph.nodes[value.node].types,
      device: device)
    for (input, source) in sources.enumerated() { site.inputRanges[input] = range(source) }
    site.outputRange = range(value)
    site.halfInputs = Set(sources.indices.filter { halves.contains(sources[$0]) })
    site.halfOutput = halves.contains(value)
    return site
  }

  private func range(_ value: Graph.Value) -> ChannelRange? {
    placed[value].map { ChannelRange(first: $0.first, pitch: graph.type(of: $0.whole).channels) }
  }

  private mutating func place(
    _ op: any Op, _ index: Int, _ sources: [Graph.Value], _ choice: Choice,
    _ updates: [Graph.Value: Graph.Value]
  ) {
    let types = graph.nodes[index].types
    for output in types.indices {
      let value = Graph.Value(node: index, output: output)
      if let state = updates[value] {
        placeOf[value] = placeOf[state]
        continue
      }
      let whole = placed[value]?.whole ?? value
      if placeOf[whole] == nil { placeOf[whole] = request(stored(whole), life(whole), op.label) }
      placeOf[value] = placeOf[whole]
    }
    let workspace = choice.workspace.map { request($0, index...index, "\(op.label) workspace") }
    let constants = sources.map { graph.sharedConstant(at: $0) }
    let once = choice.preparedFrom.allSatisfy { constants[$0] != nil }
    let read = choice.readAfterwards.union(once ? [] : choice.preparedFrom)
    let inputs = sources.indices.map { input -> Plan.Place? in
      guard let constant = constants[input] else { return placeOf[sources[input]] }
      return read.contains(input) ? hold(Holding(constant)) : nil
    }
    var prepared: [Plan.Place] = []
    if !once {
      prepared = choice.prepared.map { request($0, index...index, "\(op.label) prepared") }
    } else if !choice.prepared.isEmpty {
      let from = choice.preparedFrom.map { ($0, constants[$0]!) }
      let holding = Holding(
        choice.preparing, from: Dictionary(uniqueKeysWithValues: from), types: choice.prepared)
      if case .held(let index, _) = hold(holding) {
        prepared = choice.prepared.indices.map { .held(index, part: $0) }
      }
    }
    steps.append(
      Plan.Step(
        op: op, choice: choice, types: (sources.map { graph.type(of: $0) }, types), inputs: inputs,
        outputs: types.indices.map { placeOf[Graph.Value(node: index, output: $0)]! },
        workspace: workspace, prepared: prepared, preparesOnce: once))
  }

  /// The type in memory; a half is stored as a type of two bytes.
  private func stored(_ value: Graph.Value) -> TensorType {
    let type = graph.type(of: value)
    return halves.contains(value) ? TensorType(.uint16, type.shape) : type
  }

  /// A concatenation lives from the first part that is written in place to its last use.
  private func life(_ value: Graph.Value) -> ClosedRange<Int> {
    let parts = placed.keys.filter { placed[$0]?.whole == value } + [value]
    let nodes = parts.map(\.node)
    return nodes.min()!...max(nodes.max()!, parts.compactMap { lastUse[$0] }.max() ?? 0)
  }
}

extension Graph {
  /// The last node that uses each value; outputs count as used after the last node.
  fileprivate var lastUses: [Value: Int] {
    var last: [Value: Int] = [:]
    for (index, node) in nodes.enumerated() {
      if case .op(_, let inputs) = node.source { for input in inputs { last[input] = index } }
    }
    for (_, value) in outputs { last[value] = nodes.count }
    return last
  }
}
