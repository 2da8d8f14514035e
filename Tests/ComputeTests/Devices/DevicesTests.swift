import TestSupport
import Testing

@testable import Compute

@Suite struct DevicesTests {
  @Test func namesAreUniqueAndFindTheirDevice() throws {
    let names = Devices.all.map(\.info.name)
    #expect(Set(names).count == names.count)
    #expect(names.contains("cpu") && names.contains("cpu:baseline"))
    for name in names { #expect(try Devices.named(name).info.name == name) }
  }

  @Test func threadsAreAsAsked() throws {
    #expect(try Devices.named("cpu", threads: 3).info.units == 3)
    #expect(try Devices.named("cpu:baseline", threads: 1).info.units == 1)
  }

  @Test(arguments: ["gpu", "cpu:sse9", "", "CPU"])
  func unknownNamesListTheKnown(_ name: String) {
    let error = #expect(throws: DeviceError.self) { try Devices.named(name) }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.hasPrefix("there is no device `\(name)`\nhint: "))
    #expect(text.contains("cpu:baseline"))
  }

  @Test func aMissingOpenCLDeviceSaysWhy() {
    let error = #expect(throws: DeviceError.self) { try Devices.named("opencl:99") }
    switch error {
    case .unknownName: #expect(!Devices.openCL.devices.isEmpty)
    case .openCLUnavailable, .driver: #expect("\(error!)" == "\(Devices.openCL.fault!)")
    default: Issue.record("unexpected: \(String(describing: error))")
    }
  }

  @Test func withoutALoaderThereAreNoDevicesAndAReason() {
    let found = OpenCLPlatform.discover(library: "libNoSuch.so")
    #expect(found.devices.isEmpty)
    #expect("\(found.fault!)".contains("libNoSuch.so"))
  }

  /// A library that is not an OpenCL loader.
  @Test func aLoaderWithoutEntryPointsSaysWhichIsMissing() {
    let found = OpenCLPlatform.discover(library: "libm.so.6")
    #expect(found.devices.isEmpty)
    #expect(
      found.fault?.message.text()
        == "OpenCL is not available: clGetPlatformIDs is missing from the OpenCL loader")
  }

  /// The loader exists, but no driver: needs a separate process, as the loader searches drivers
  /// once.
  @Test func aLoaderWithoutDriversLeavesTheCPU() throws {
    try withScratchFolder { folder in
      let empty = ["OCL_ICD_VENDORS": folder.path]
      let asked = try Program.run(
        built: "glint-parity", ["add", "--device", "opencl:0"], environment: empty)
      #expect(asked.status == 2)
      #expect(asked.errors.hasPrefix("error: OpenCL is not available: "), "\(asked.errors)")
      #expect(asked.errors.contains("\nhint: "))
      let all = try Program.run(built: "glint-parity", ["add", "--tiny"], environment: empty)
      #expect(all.status == 0, "\(all.errors)")
      #expect(all.output.contains("cpu:baseline") && !all.output.contains("opencl"))
    }
  }

  /// A library whose constructor fails stands for the loader; a child process loads it first.
  @Test(
    .enabled(if: Program.onPath("cc") != nil, "there is no C compiler"),
    arguments: [
      ("abort();", "crashes the program with SIGABRT"),
      ("_exit(3);", "ends the program with status 3"),
      ("for (;;) sleep(100);", "does not return within 1 s"),
    ])
  func aDriverThatFailsIsNamed(_ code: String, words: String) throws {
    try withScratchFolder { folder in
      let library = folder.appendingPathComponent("libbad.so").path
      let source = folder.appendingPathComponent("bad.c")
      try """
      #include <stdlib.h>
      #include <unistd.h>
      __attribute__((constructor)) static void load(void) { \(code) }
      """.write(to: source, atomically: true, encoding: .utf8)
      let compiler = try #require(Program.onPath("cc"))
      #expect(
        try Program.run(compiler, ["-shared", "-fPIC", "-o", library, source.path]).status == 0)
      let failure = try #require(DriverFailure(whenLoading: library, within: 1))
      #expect(failure.description == "the driver \(library) \(words) while it is loaded")
      #expect(failure.library == library && failure.source.isEmpty)
    }
  }

  @Test func theDriversOfThisMachineAreFine() {
    #expect(DriverFailure(whenLoading: "libOpenCL.so.1") == nil)
    #expect(DriverFailure(whenLoading: "libNoSuch.so") == nil)
  }

  @Test func theParityCommandRefusesClearly() throws {
    let missing = try Program.run(built: "glint-parity", ["no such case"])
    #expect(missing.status == 2)
    #expect(missing.errors == "error: no case is named like `no such case`\n")
    let device = try Program.run(built: "glint-parity", ["add", "--device", "toaster"])
    #expect(device.status == 2)
    #expect(device.errors.hasPrefix("error: there is no device `toaster`"))
    let option = try Program.run(built: "glint-parity", ["--toaster"])
    #expect(option.status == 2)
  }
}
