import Compute
import Foundation
import Testing

/// The main test: every op's samples, on every instruction set of this processor and every OpenCL
/// device, compared with the reference and with each other.
@Suite struct ParityTests {
  /// Under the thread sanitizer only one instruction set: threads divide the work in the same way
  /// for all, and the threads of an OpenCL runtime are not instrumented.
  static let devices: [any Device] =
    ProcessInfo.processInfo.environment["GLINT_SANITIZER"] == "thread"
    ? [CPUDevice()] : Devices.all.filter { $0.info.name != "cpu" }

  @Test(arguments: Catalogue.samples.map(\.name))
  func sample(_ name: String) throws {
    let sample = try #require(Catalogue.samples.first { $0.name == name })
    let parity = try Parity(sample)
    for device in Self.devices {
      let outcomes = parity.run(on: device)
      #expect(!outcomes.isEmpty, "no candidate took \(name) on \(device.info.name)")
      for outcome in outcomes { #expect(outcome.failure == nil, "\(outcome)") }
    }
  }

  @Test func sampleNamesAreUnique() {
    let names = Catalogue.samples.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func everyOpHasSamples() {
    for op in Catalogue.ops { #expect(!op.samples.isEmpty, "\(op.name) has no samples") }
  }
}
