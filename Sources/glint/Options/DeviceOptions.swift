import ArgumentParser
import Compute

/// Options that choose the compute device.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compute device: best, cpu, or a name from `glint devices`, such as opencl:0.",
      valueName: "name"))
  var device = "best"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Number of CPU threads; all cores by default.", valueName: "n"))
  var threads: Int?

  func validate() throws { try threads.map(ThreadOptions.check) }

  func open() throws -> any Device { try Devices.named(device, threads: threads) }
}
