import COpenCL

/// The OpenCL loader with its entry points.
///
/// Function pointers that never change once loaded, hence safe to share.
final class OpenCL: @unchecked Sendable {
  let calls: glint_opencl

  /// Loads the ICD loader, or says why it cannot.
  init(path: String) throws(DeviceError) {
    var calls = glint_opencl()
    if let reason = glint_opencl_load(path, &calls) {
      throw .openCLUnavailable(String(cString: reason))
    }
    self.calls = calls
  }
}

/// What a search for OpenCL devices found.
public struct OpenCLPlatform: Sendable {
  public let devices: [any Device]
  /// Why there is no device, when there is none.
  public let reason: String?

  /// Asks every platform of the loader at `library` for its devices.
  package static func discover(library: String = "libOpenCL.so.1") -> OpenCLPlatform {
    do {
      let cl = try OpenCL(path: library)
      let devices = try list(cl)
      return OpenCLPlatform(
        devices: devices,
        reason: devices.isEmpty ? "the loader is there, but no driver offers a device" : nil)
    } catch {
      return OpenCLPlatform(devices: [], reason: error.reason)
    }
  }

  private static func list(_ cl: OpenCL) throws(DeviceError) -> [any Device] {
    var count: cl_uint = 0
    // -1001: the loader knows no platform, which is an empty list and no fault.
    let status = cl.calls.GetPlatformIDs(0, nil, &count)
    if status == -1001 || count == 0 { return [] }
    try check(status, "clGetPlatformIDs", "the OpenCL loader")
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    try check(cl.calls.GetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs", "the loader")
    var devices: [any Device] = []
    for platform in platforms {
      var number: cl_uint = 0
      let all = cl_device_type(CL_DEVICE_TYPE_ALL)
      guard cl.calls.GetDeviceIDs(platform, all, 0, nil, &number) == CL_SUCCESS, number > 0 else {
        continue
      }
      var ids = [cl_device_id?](repeating: nil, count: Int(number))
      guard cl.calls.GetDeviceIDs(platform, all, number, &ids, nil) == CL_SUCCESS else { continue }
      for id in ids {
        devices.append(OpenCLDevice(cl, platform!, id!, name: "opencl:\(devices.count)"))
      }
    }
    return devices
  }
}

/// Throws where an OpenCL call did not succeed.
func check(_ status: cl_int, _ call: String, _ device: String) throws(DeviceError) {
  if status != CL_SUCCESS { throw .call(call, code: Int(status), device: device) }
}

extension DeviceError {
  /// The reason alone, for a line that says why there is no OpenCL.
  var reason: String {
    if case .openCLUnavailable(let reason) = self { reason } else { description }
  }
}
