import CTestSupport
import Compute
import TestConditions
import Testing

@Suite(.countedAllocations) struct AllocationTests {
  /// Writing, running and reading allocate nothing once warm, on the thread that does them.
  @Test(arguments: [1, 3])
  func steadyStateAllocatesNothing(_ threads: Int) throws {
    var graph = Graph()
    let frames = graph.input("frames", TensorType(.uint16, 16, 64, 64))
    let photons = try graph.apply(Calibrate(offset: 100, gain: 2), frames)
    graph.output(
      "photons", try graph.apply(Add(), photons, graph.apply(Elementwise(.atLeast(0)), photons)))
    let device = CPUDevice(threads: threads)
    let executable = try device.compile(Plan(graph, for: device.info))
    let pixels = [UInt16](repeating: 300, count: 16 * 64 * 64)
    var result = [Float](repeating: 0, count: pixels.count)
    func frame() throws {
      try executable.write("frames", pixels)
      try executable.run()
      try result.withUnsafeMutableBytes { try executable.read("photons", into: $0) }
    }
    for _ in 0..<3 { try frame() }
    let before = glint_allocations()
    for _ in 0..<50 { try frame() }
    #expect(glint_allocations() - before == 0)
    #expect(result.allSatisfy { $0 == 200 })
  }

  @Test func theCounterCounts() {
    // A size that the compiler cannot know.
    let start = ContinuousClock.now
    let before = glint_allocations()
    let array = [Int](repeating: 1, count: ContinuousClock.now > start ? 1000 : 1001)
    #expect(glint_allocations() > before)
    #expect(array[0] == 1)
  }
}
