import ArgumentParser
import Compute

/// Where to compute.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "best, cpu, or a name that `glint devices` lists, such as opencl:0.", valueName: "name"))
  var device = "best"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("CPU threads; all cores by default.", valueName: "n"))
  var threads: Int?

  func validate() throws { try threads.map(ThreadOptions.check) }

  func open() throws -> any Device { try Devices.named(device, threads: threads) }
}
