import Compute
import TestSupport
import Testing

/// The harness must detect ops and devices that are broken on purpose.
@Suite struct HarnessTests {
  /// The CPU, and an OpenCL device if there is one.
  static let devices: [any Device] = [CPUDevice(.baseline)] + Devices.openCL.devices.prefix(1)

  private func failures(_ fault: FaultyAdd.Fault) throws -> [String] {
    try Self.devices.map { try failure(of: FaultyAdd.sample(fault), on: $0) }
  }

  /// The reported fault of the only candidate of a sample.
  private func failure(of sample: Sample, on device: any Device) throws -> String {
    let outcomes = try Parity(sample).run(on: device)
    try #require(outcomes.count == 1)
    return outcomes[0].failure ?? "nothing"
  }

  @Test func passesWhatIsRight() throws {
    #expect(try failures(.none).allSatisfy { $0 == "nothing" })
  }

  @Test func catchesAWrongValue() throws {
    for failure in try failures(.wrongValue) {
      #expect(failure.contains("1 of 37 elements are off (0 may be); element 3 is "))
    }
  }

  @Test func catchesAStrayWrite() throws {
    for failure in try failures(.strayWrite) {
      #expect(failure.contains("wrote outside every tensor"))
    }
  }

  @Test func catchesAnElementThatIsNotWritten() throws {
    for failure in try failures(.unwritten) { #expect(failure.contains("element 36 is nan")) }
  }

  @Test func catchesAReadOfUnwrittenMemory() throws {
    for failure in try failures(.uninitialized) { #expect(failure.contains("is nan")) }
  }

  @Test func catchesAnUpdateThatIsWrongInPlace() throws {
    for failure in try failures(.notInPlace) {
      #expect(failure.hasPrefix("in place: output 0: 37 of 37 elements are off"), "\(failure)")
    }
  }

  /// Even where some elements may differ, every element must be written.
  @Test func catchesAnUnwrittenElementWithinTheShare() throws {
    let whole = FaultyAdd.sample(.unwritten)
    let sample = Sample(whole.op, whole.inputs, .absolute(0.1, share: 0.9))
    #expect(try failure(of: sample, on: Self.devices[0]).contains("element 36 is nan"))
  }

  @Test func catchesBitsThatDifferBetweenRuns() throws {
    // The values are within tolerance, so that only the comparison of bits detects it.
    let sample = Sample(FaultyAdd(.none), FaultyAdd.sample(.none).inputs, .absolute(1e-3))
    let device = BentDevice(CPUDevice(), .everySecondRun)
    #expect(try failure(of: sample, on: device) == "output 0: two runs differ at element 0")
  }

  @Test func catchesBitsThatDifferBetweenInstructionSets() throws {
    let sample = Sample(FaultyAdd(.none), FaultyAdd.sample(.none).inputs, .absolute(1e-3))
    let device = BentDevice(CPUDevice(), .lastBit)
    #expect(
      try failure(of: sample, on: device)
        .hasPrefix("output 0: bits differ from the CPU's at element 0"))
  }

  /// Int32 −1 and −2 have the bits of two NaNs, but are different numbers.
  @Test func integersAreNeverNaN() throws {
    let minusOne = Tensor([-1] as [Int32], shape: [1])
    let minusTwo = Tensor([-2] as [Int32], shape: [1])
    #expect(minusOne.firstDifference(from: minusTwo, nil) == 0)
    #expect(minusOne.firstDifference(from: minusTwo, [false]) == nil)
  }

  @Test func aDeviceThatFailsIsAnOutcome() throws {
    let device = BentDevice(CPUDevice(), .doesNotCompile)
    let outcomes = try Parity(FaultyAdd.sample(.none)).run(on: device)
    #expect(outcomes.count == 1)
    #expect(outcomes[0].failure?.contains("cannot be compiled") == true)
  }

  @Test func aCandidateThatDeclinesIsLeftOut() throws {
    #expect(throws: PlanError.self) { try Parity(FaultyAdd.sample(.declines)) }
  }

  @Test func theReportCountsAndNames() throws {
    let samples = [FaultyAdd.sample(.none), FaultyAdd.sample(.wrongValue)]
    let report = try ParityReport(samples, on: [CPUDevice(.baseline)])
    #expect(report.failures.count == 1)
    let lines = report.table.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines[1].hasPrefix("faulty add  cpu:baseline  vector      1/2"))
    #expect(lines[2].hasPrefix("FAIL cpu:baseline [vector] faulty add(wrongValue)"))
  }

  @Test func samplesAreFoundByName() {
    let all = ParityReport.samples()
    #expect(all.count == Catalogue.samples.count)
    let some = ParityReport.samples(containing: "calibrate", tinyOnly: true)
    #expect(!some.isEmpty && some.count < all.count)
    #expect(some.allSatisfy { $0.tiny && $0.name.contains("calibrate") })
    #expect(ParityReport.samples(containing: all[0].name).contains { $0.name == all[0].name })
  }
}
