import COpenCL
import Foundation

/// A device of an OpenCL 1.2 platform.
///
/// `@unchecked Sendable`: `lock` guards `opened`; the handles of the driver never change.
package final class OpenCLDevice: Device, @unchecked Sendable {
  package let info: DeviceInfo
  let cl: OpenCL
  let id: cl_device_id
  /// Build options: the language version, and correctly rounded division where it is an option.
  let options: String
  package let programs: ProgramCache
  let holdings = Holdings<OpenCLObject>()
  private let lock = NSLock()
  private var opened: OpenCLObject?

  init(
    _ cl: OpenCL, _ platform: cl_platform_id, _ id: cl_device_id, name: String,
    storage: ProgramStore.Place
  ) {
    self.cl = cl
    self.id = id
    func number<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(
      _ key: Int32, _ type: Value.Type
    ) -> Value {
      var value: Value = 0
      _ = cl.calls.GetDeviceInfo(
        id, cl_device_info(key), MemoryLayout<Value>.size, &value, nil)
      return value
    }
    func text(_ key: Int32) -> String {
      var size = 0
      guard cl.calls.GetDeviceInfo(id, cl_device_info(key), 0, nil, &size) == CL_SUCCESS, size > 1
      else { return "" }
      var bytes = [UInt8](repeating: 0, count: size)
      _ = cl.calls.GetDeviceInfo(id, cl_device_info(key), size, &bytes, nil)
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        .trimmingCharacters(in: .whitespaces)
    }
    let type = number(CL_DEVICE_TYPE, cl_device_type.self)
    let kind: DeviceInfo.Kind =
      type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0
      ? .openCLGPU : type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 ? .openCLCPU : .openCLOther
    let single = number(CL_DEVICE_SINGLE_FP_CONFIG, cl_device_fp_config.self)
    options =
      "-cl-std=CL1.2"
      + (single & cl_device_fp_config(CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0
        ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
    info = DeviceInfo(
      name: name, kind: kind, hardware: text(CL_DEVICE_NAME),
      driver: "\(text(CL_DEVICE_VERSION)), \(text(CL_DRIVER_VERSION))",
      units: Int(number(CL_DEVICE_MAX_COMPUTE_UNITS, cl_uint.self)),
      memory: Int(clamping: number(CL_DEVICE_GLOBAL_MEM_SIZE, cl_ulong.self)),
      maxAllocation: Int(clamping: number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, cl_ulong.self)),
      preferredWidth: Int(number(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, cl_uint.self)),
      half: text(CL_DEVICE_EXTENSIONS).contains("cl_khr_fp16"),
      alignment: max(256, Int(number(CL_DEVICE_MEM_BASE_ADDR_ALIGN, cl_uint.self)) / 8),
      localMemory: Int(number(CL_DEVICE_LOCAL_MEM_SIZE, cl_ulong.self)),
      maxWorkGroup: number(CL_DEVICE_MAX_WORK_GROUP_SIZE, Int.self))
    programs = ProgramCache(
      store: ProgramStore(
        storage, driver: info.driver,
        device: "\(info.hardware), \(info.driver), \(options)"))
  }

  /// The device's context, opened when first needed so that listing devices is quick.
  func context() throws(DeviceError) -> cl_context {
    lock.lock()
    defer { lock.unlock() }
    if let opened { return opened.handle }
    var device: cl_device_id? = id
    let context = try OpenCLObject(
      "clCreateContext", on: info.name, release: cl.calls.ReleaseContext
    ) { cl.calls.CreateContext(nil, 1, &device, nil, nil, $0) }
    opened = context
    return context.handle
  }

  /// A buffer of this many bytes; at least one byte, as OpenCL requires.
  func buffer(_ bytes: Int) throws(DeviceError) -> OpenCLObject {
    let context = try context()
    return try OpenCLObject("clCreateBuffer", on: info.name, release: cl.calls.ReleaseMemObject) {
      cl.calls.CreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), max(bytes, 1), nil, $0)
    }
  }

  package func compile(
    _ plan: Plan, store: (any ParameterStore)?, profiling: Bool
  ) throws -> any Executable {
    try OpenCLExecutable(plan, on: self, store: store, profiling: profiling)
  }

  package func store(_ values: ParameterValues) throws -> any ParameterStore {
    try OpenCLParameterStore(values, on: self)
  }

  package var heldBytes: Int { holdings.bytes }
}
