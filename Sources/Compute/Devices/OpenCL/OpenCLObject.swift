import COpenCL

/// An object of the driver (context, queue, buffer, program, kernel), released with its last
/// reference, so that nothing leaks when initialisation fails half-way.
///
/// `@unchecked Sendable`: the handle never changes, and the driver counts references safely from
/// any thread.
final class OpenCLObject: @unchecked Sendable {
  typealias Release = @convention(c) (OpaquePointer?) -> cl_int

  let handle: OpaquePointer
  private let release: Release

  /// Creates an object by a call that reports its status through a pointer.
  ///
  /// Throws `DeviceError.call` with the name `call` if the status is not success.
  init(
    _ call: String, on device: String, release: @escaping Release,
    _ make: (UnsafeMutablePointer<cl_int>) -> OpaquePointer?
  ) throws(DeviceError) {
    var status: cl_int = 0
    let handle = make(&status)
    try check(status, call, device)
    guard let handle else { throw .call(call, code: -6, device: device) }
    self.handle = handle
    self.release = release
  }

  deinit { _ = release(handle) }
}

/// Throws if an OpenCL call did not succeed.
func check(_ status: cl_int, _ call: String, _ device: String) throws(DeviceError) {
  if status != CL_SUCCESS { throw .call(call, code: Int(status), device: device) }
}

extension DeviceError {
  /// The same error, as `memory` if the driver's code means lack of memory.
  func asMemory(_ needed: Int, _ device: String) -> DeviceError {
    guard case .call(_, let code, _) = self,
      [
        CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
        CL_INVALID_BUFFER_SIZE,
      ].contains(cl_int(code))
    else { return self }
    return .memory(needed: needed, available: nil, device: device)
  }
}
