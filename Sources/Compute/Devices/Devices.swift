import CPUKernels
import Reporting

/// The devices of this machine.
public enum Devices {
  /// The first OpenCL GPU, else the CPU.
  ///
  /// - Parameter note: receives one line if a driver is the reason for the CPU.
  public static func best(note: (Message) -> Void = { _ in }) -> any Device {
    let found = openCL
    if case .driver(let failure) = found.fault { note("computing on the CPU: \(failure)") }
    return found.devices.first { $0.info.kind == .openCLGPU } ?? CPUDevice()
  }

  /// The device of that name: "best", "cpu", "cpu:avx2", "opencl:0".
  ///
  /// Throws `DeviceError` if there is none. For an OpenCL name on a machine without OpenCL, the
  /// error says what is missing.
  ///
  /// - Parameters:
  ///   - name: the name of the device.
  ///   - threads: threads of the CPU; nil for one on each core.
  ///   - note: receives one line if a driver is the reason why "best" is the CPU.
  public static func named(
    _ name: String, threads: Int? = nil, note: (Message) -> Void = { _ in }
  ) throws -> any Device {
    switch name {
    case "best":
      let device = best(note: note)
      return device.info.kind == .cpu ? CPUDevice(threads: threads) : device
    case "cpu": return CPUDevice(threads: threads)
    default:
      if name.hasPrefix("cpu:"),
        let set = CPUDevice.InstructionSet.present.first(where: { name == "cpu:\($0.rawValue)" })
      {
        return CPUDevice(set, threads: threads)
      }
      let found = openCL
      if let device = found.devices.first(where: { $0.info.name == name }) { return device }
      if name.hasPrefix("opencl"), let fault = found.fault { throw fault }
      throw DeviceError.unknownName(name, available: ["best"] + all.map(\.info.name))
    }
  }

  /// The CPU, then each of its instruction sets, then every OpenCL device.
  package static var all: [any Device] {
    [CPUDevice()] + CPUDevice.InstructionSet.present.map { CPUDevice($0) } + openCL.devices
  }

  /// OpenCL devices, or the reason why there are none. The search runs once.
  package static let openCL = OpenCLPlatform.discover()
}
