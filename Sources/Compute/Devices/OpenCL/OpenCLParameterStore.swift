import COpenCL

/// Parameters in buffers of an OpenCL device. All executables that use them share one queue, so
/// each sees what the earlier ones wrote.
final class OpenCLParameterStore: ParameterStore {
  let types: [String: TensorType]
  let device: OpenCLDevice
  let queue: OpenCLQueue
  let blocks: [String: OpenCLObject]

  init(_ values: ParameterValues, on device: OpenCLDevice) throws(DeviceError) {
    types = values.types
    self.device = device
    // It is not yet known whether an executable will ask for timings.
    queue = try OpenCLQueue(device, profiling: true)
    var blocks: [String: OpenCLObject] = [:]
    do throws(DeviceError) {
      for (name, constant) in values.constants {
        blocks[name] = try queue.copy(of: constant.tensor)
      }
    } catch {
      throw error.asMemory(values.bytes, device.info.name)
    }
    self.blocks = blocks
  }

  func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
    _ = try type(of: name, for: bytes.count)
    if let block = blocks[name] { try queue.upload(bytes.baseAddress, bytes.count, to: block) }
  }

  func read(_ name: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    _ = try type(of: name, for: bytes.count)
    if let block = blocks[name] { try queue.download(block, into: bytes) }
  }
}
