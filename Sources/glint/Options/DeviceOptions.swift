import ArgumentParser
import Compute

/// Options that choose the compute device.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compute device: best, cpu, or a name from `glint devices`, such as opencl:0.",
      valueName: "name"))
  var device = "best"

  @OptionGroup var cpu: ThreadOptions

  var threads: Int? { cpu.threads }

  func open() throws -> any Device {
    try Devices.named(device, threads: threads) { say("warning: \($0)") }
  }
}
