/// Parameters in host memory.
final class CPUParameterStore: ParameterStore {
  let types: [String: TensorType]
  let blocks: [String: HostMemory]

  init(_ values: ParameterValues, for device: String) throws(DeviceError) {
    types = values.types
    var blocks: [String: HostMemory] = [:]
    for (name, constant) in values.constants {
      blocks[name] = try HostMemory(constant.tensor, for: device)
    }
    self.blocks = blocks
  }

  func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
    _ = try type(of: name, for: bytes.count)
    blocks[name]?.bytes.copyMemory(from: bytes)
  }

  func read(_ name: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    _ = try type(of: name, for: bytes.count)
    guard let block = blocks[name] else { return }
    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: block.bytes[..<bytes.count]))
  }
}
