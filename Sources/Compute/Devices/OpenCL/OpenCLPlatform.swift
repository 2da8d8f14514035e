import COpenCL
import Foundation

/// The OpenCL entry points.
///
/// `@unchecked Sendable`: function pointers that never change once loaded.
package final class OpenCL: @unchecked Sendable {
  package let calls: glint_opencl

  package init(calls: glint_opencl) { self.calls = calls }

  /// Loads the ICD loader at `path`; throws `DeviceError.openCLUnavailable` if it is not usable.
  package convenience init(path: String = "libOpenCL.so.1") throws(DeviceError) {
    var calls = glint_opencl()
    if let reason = glint_opencl_load(path, &calls) {
      throw .openCLUnavailable(String(cString: reason))
    }
    self.init(calls: calls)
  }
}

/// The result of a search for OpenCL devices.
package struct OpenCLPlatform: Sendable {
  package let devices: [any Device]
  /// Why there is no device, if there is none.
  package let fault: DeviceError?

  /// Asks every platform of the loader at `library` for its devices, after a child process has done
  /// the same without harm.
  package static func discover(library: String = "libOpenCL.so.1") -> OpenCLPlatform {
    do throws(DeviceError) {
      if let failure = DriverFailure(whenLoading: library) { throw .driver(failure) }
      return try discover(OpenCL(path: library))
    } catch {
      return OpenCLPlatform(devices: [], fault: error)
    }
  }

  /// Asks every platform behind these entry points for its devices.
  ///
  /// - Parameter storage: where built programs are kept between processes.
  package static func discover(
    _ cl: OpenCL, storage: ProgramStore.Place = .userCache
  ) throws(DeviceError) -> OpenCLPlatform {
    // Drivers initialise themselves at the first call, and not all are thread-safe at that point.
    searching.lock()
    defer { searching.unlock() }
    var devices: [any Device] = []
    for platform in try platforms(cl) {
      for id in ids(of: platform, cl) {
        devices.append(
          OpenCLDevice(cl, platform, id, name: "opencl:\(devices.count)", storage: storage))
      }
    }
    return OpenCLPlatform(
      devices: devices,
      fault: devices.isEmpty
        ? .openCLUnavailable("the loader is there, but no driver offers a device") : nil)
  }

  private static let searching = NSLock()

  private static func platforms(_ cl: OpenCL) throws(DeviceError) -> [cl_platform_id] {
    var count: cl_uint = 0
    let status = cl.calls.GetPlatformIDs(0, nil, &count)
    // -1001: the loader knows no platform. That is an empty list, not an error.
    if status == -1001 || count == 0 { return [] }
    try check(status, "clGetPlatformIDs", "the OpenCL loader")
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    try check(
      cl.calls.GetPlatformIDs(count, &platforms, nil), "clGetPlatformIDs", "the OpenCL loader")
    return platforms.compactMap { $0 }
  }

  /// A platform that fails to list its devices counts as having none.
  private static func ids(of platform: cl_platform_id, _ cl: OpenCL) -> [cl_device_id] {
    let all = cl_device_type(CL_DEVICE_TYPE_ALL)
    var count: cl_uint = 0
    guard cl.calls.GetDeviceIDs(platform, all, 0, nil, &count) == CL_SUCCESS, count > 0 else {
      return []
    }
    var ids = [cl_device_id?](repeating: nil, count: Int(count))
    guard cl.calls.GetDeviceIDs(platform, all, count, &ids, nil) == CL_SUCCESS else { return [] }
    return ids.compactMap { $0 }
  }
}
