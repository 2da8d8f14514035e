import Reporting

/// A device failed: what was attempted, on which device, and the driver's message.
public enum DeviceError: Fault {
  case unknownName(String, available: [String])
  case openCLUnavailable(String)
  /// A driver ends or hangs the process that loads it.
  case driver(DriverFailure)
  /// A call of the OpenCL driver failed.
  case call(String, code: Int, device: String)
  /// A kernel does not compile; `log` refers to our own files and lines.
  case build(kernel: String, defines: String, device: String, log: String)
  /// A kernel's work-group is larger than the device allows.
  case workGroup(kernel: String, items: Int, limit: Int, device: String)
  /// The arena does not fit; `available` is nil if the device does not report it.
  case memory(needed: Int, available: Int?, device: String)
  /// A tensor has more elements than a device's kernels can index.
  case indices(TensorType, limit: Int, device: String)
  case unknownPort(String, known: [String])
  /// More bytes written to or read from an input or output than it has.
  case portSize(String, TensorType, bytes: Int)

  public var message: Message {
    switch self {
    case .unknownName(let name, _): "there is no device `\(name)`"
    case .openCLUnavailable(let reason): "OpenCL is not available: \(reason)"
    case .driver(let failure): "OpenCL is not used: \(failure.description)"
    case .call(let call, let code, let device):
      "\(call) failed on \(device) with \(Self.name(ofStatus: code))"
    case .build(let kernel, let defines, let device, let log):
      """
      kernel \(kernel) [\(defines)] cannot be compiled for \(device)
      \(log.split(separator: "\n").joined(separator: "\n"))
      """
    case .workGroup(let kernel, let items, let limit, let device):
      "kernel \(kernel) needs work-groups of \(items) items, but \(device) allows at most \(limit)"
    case .memory(let needed, let available, let device):
      """
      the plan needs \(needed) bytes, but \(device) \
      \(available.map { "has only \($0)" } ?? "could not allocate them")
      """
    case .indices(let type, let limit, let device):
      "\(type) has more than \(limit) elements, the most that kernels on \(device) can count"
    case .unknownPort(let name, let known):
      "the plan has no input or output `\(name)`, only \(known.joined(separator: ", "))"
    case .portSize(let name, let type, let bytes):
      "`\(name)` is \(type) and has \(type.bytes) bytes, not \(bytes)"
    }
  }

  public var remedy: Message? {
    switch self {
    case .unknownName(_, let available):
      "the devices are \(available.joined(separator: ", "))"
    case .openCLUnavailable:
      "install a driver's OpenCL package (and ocl-icd-libopencl1), or use \(.device) cpu"
    case .driver(let failure):
      """
      \(failure.source.isEmpty ? "update the driver" : "update the driver, or remove \(failure.source)"); \
      \(.device) cpu needs none
      """
    case .call:
      "try \(.device) cpu; a parity run shows whether the driver computes correctly"
    case .build: "try \(.device) cpu, and report the log above"
    case .workGroup: "try \(.device) cpu"
    case .memory, .indices: "use a smaller \(.batch) or \(.roi), or \(.device) cpu"
    case .unknownPort, .portSize: nil
    }
  }

  /// Whether the caller gave a wrong name or size, so that another device would fail as well.
  var isCallers: Bool {
    switch self {
    case .unknownPort, .portSize: true
    default: false
    }
  }

  /// Whether a smaller batch or tile could help.
  package var isOfSize: Bool {
    switch self {
    case .memory, .indices: true
    default: false
    }
  }

  /// The constant's name in cl.h, for the status codes that users are likely to meet.
  static func name(ofStatus code: Int) -> String {
    let names = [
      -1: "CL_DEVICE_NOT_FOUND", -2: "CL_DEVICE_NOT_AVAILABLE", -3: "CL_COMPILER_NOT_AVAILABLE",
      -4: "CL_MEM_OBJECT_ALLOCATION_FAILURE", -5: "CL_OUT_OF_RESOURCES",
      -6: "CL_OUT_OF_HOST_MEMORY", -11: "CL_BUILD_PROGRAM_FAILURE",
      -14: "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST", -36: "CL_INVALID_COMMAND_QUEUE",
      -42: "CL_INVALID_BINARY", -46: "CL_INVALID_KERNEL_NAME", -51: "CL_INVALID_ARG_SIZE",
      -52: "CL_INVALID_KERNEL_ARGS", -54: "CL_INVALID_WORK_GROUP_SIZE",
      -61: "CL_INVALID_BUFFER_SIZE", -1001: "CL_PLATFORM_NOT_FOUND_KHR",
    ]
    return names[code].map { "\($0) (\(code))" } ?? "OpenCL error \(code)"
  }
}
