import COpenCL

/// An in-order command queue of a device.
final class OpenCLQueue {
  private let device: OpenCLDevice
  private let object: OpenCLObject

  private var cl: glint_opencl { device.cl.calls }
  var handle: cl_command_queue { object.handle }

  init(_ device: OpenCLDevice, profiling: Bool) throws(DeviceError) {
    self.device = device
    let cl = device.cl.calls
    let context = try device.context()
    object = try OpenCLObject(
      "clCreateCommandQueue", on: device.info.name, release: cl.ReleaseCommandQueue
    ) {
      cl.CreateCommandQueue(
        context, device.id,
        profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0, $0)
    }
  }

  /// Waits for everything that was enqueued.
  func finish() throws(DeviceError) {
    try check(cl.Finish(handle), "clFinish", device.info.name)
  }

  /// A new buffer that holds a tensor.
  func copy(of tensor: Tensor) throws(DeviceError) -> OpenCLObject {
    let buffer = try device.buffer(tensor.bytes.count)
    try upload(tensor.bytes, tensor.bytes.count, to: buffer)
    return buffer
  }

  func upload(
    _ bytes: UnsafeRawPointer?, _ count: Int, to memory: OpenCLObject
  ) throws(DeviceError) {
    if count == 0 { return }
    try check(
      cl.EnqueueWriteBuffer(
        handle, memory.handle, cl_bool(CL_TRUE), 0, count, bytes, 0, nil, nil),
      "clEnqueueWriteBuffer", device.info.name)
  }

  /// Waits for the queue even if there is nothing to copy.
  func download(
    _ memory: OpenCLObject, into bytes: UnsafeMutableRawBufferPointer
  ) throws(DeviceError) {
    if bytes.isEmpty { return try finish() }
    try check(
      cl.EnqueueReadBuffer(
        handle, memory.handle, cl_bool(CL_TRUE), 0, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueReadBuffer", device.info.name)
  }
}
