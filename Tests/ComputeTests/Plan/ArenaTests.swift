import Compute
import TestSupport
import Testing

@Suite struct ArenaTests {
  private typealias Request = (type: TensorType, life: ClosedRange<Int>, label: String)

  private func requests(seed: UInt64) -> [Request] {
    var generator = SampleGenerator(seed: seed)
    return (0..<Int.random(in: 1...40, using: &generator)).map { index in
      let start = Int.random(in: 0..<20, using: &generator)
      return (
        TensorType(.uint16, Int.random(in: 0...3000, using: &generator)),
        start...start + Int.random(in: 0...6, using: &generator), "t\(index)"
      )
    }
  }

  private func overlap(_ slots: [Slot], apart zone: Int) -> Bool {
    slots.indices.contains { i in
      slots[..<i].contains { other in
        let near =
          slots[i].range.lowerBound < other.range.upperBound + zone
          && other.range.lowerBound < slots[i].range.upperBound + zone
        return near && (zone > 0 || slots[i].life.overlaps(other.life))
      }
    }
  }

  @Test(arguments: 0..<60 as Range<UInt64>, [64, 256])
  func tensorsThatLiveTogetherDoNotOverlap(_ seed: UInt64, _ alignment: Int) {
    let requests = requests(seed: seed)
    let arena = Arena(requests, alignment: alignment, guarded: false)
    #expect(arena.slots.map(\.type) == requests.map(\.type), "one slot per request, in order")
    #expect(!overlap(arena.slots, apart: 0))
    #expect(arena.slots.allSatisfy { $0.offset % alignment == 0 })
    #expect(arena.slots.allSatisfy { $0.range.upperBound <= arena.bytes && $0.offset >= 0 })
    #expect(arena.bytes <= arena.separate)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func guardZonesLieAroundEveryTensor(_ seed: UInt64) {
    let arena = Arena(requests(seed: seed), alignment: 64, guarded: true)
    #expect(!overlap(arena.slots, apart: Arena.guardZone))
    #expect(arena.slots.allSatisfy { $0.offset >= Arena.guardZone })
    #expect(
      arena.slots.allSatisfy { $0.range.upperBound + Arena.guardZone <= arena.bytes })
    #expect(arena.slots.allSatisfy { $0.offset % 64 == 0 })
  }

  /// The same on the plans of whole graphs, whose lives the planner derives.
  @Test(arguments: 400..<430 as Range<UInt64>)
  func plansKeepLivingTensorsApart(_ seed: UInt64) throws {
    let graph = try RandomGraph(seed: seed, ops: 20).graph
    for device in Devices.all {
      let arena = try Plan(graph, for: device.info).arena
      #expect(!overlap(arena.slots, apart: 0))
      #expect(arena.slots.allSatisfy { $0.offset % device.info.alignment == 0 })
    }
  }

  /// x → … → y needs the input, the output and one tensor in flight, not twenty.
  @Test func aChainReusesMemory() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1 << 16))
    var value = x
    for _ in 0..<20 { value = try graph.apply(Add(), value, x) }
    graph.output("y", value)
    let arena = try Plan(graph, for: CPUDevice().info).arena
    #expect(arena.bytes == 3 << 18)
    #expect(arena.separate == 21 << 18)
  }

  /// Tensors that are written only once must still be there in the second run.
  @Test func inputsAndConstantsSurviveRuns() throws {
    for seed in 430..<440 as Range<UInt64> {
      let random = try RandomGraph(seed: seed, ops: 20)
      for device in Devices.all {
        let executable = try device.compile(Plan(random.graph, for: device.info))
        let first = try random.run(executable)
        try executable.run()
        for (name, tensor) in first { #expect(try executable.read(name) == tensor) }
      }
    }
  }

  /// OpenCL kernels count in 32 bits: a larger tensor gives a typed error instead of wrapping
  /// around.
  @Test func tensorsBeyondTheKernelsIndicesAreRefused() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 1 << 16, 1 << 15))
    graph.output("y", try graph.apply(Add(), x, x))
    var info = CPUDevice().info
    info.maxAllocation = .max
    #expect(try Plan(graph, for: info).arena.bytes == 1 << 34)
    info.kind = .openCLGPU
    #expect {
      try Plan(graph, for: info)
    } throws: { error in
      guard case .indices(let type, 0x7fff_ffff, _)? = error as? DeviceError else { return false }
      return type.count == 1 << 31 && "\(error)".contains("\nhint: ")
    }
  }
}
