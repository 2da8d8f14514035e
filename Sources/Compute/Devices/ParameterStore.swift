/// Parameters in a device's memory that executables read and overwrite: a training step beside its
/// validation.
///
/// `Device.store` makes one, `Device.compile` takes it. All executables with the same store see what any of
/// them, or the host, wrote last. Like an executable, a store is used by one thread at a time, together with
/// its executables.
/// ```swift
/// let store = try device.store(values)
/// let training = try device.compile(Plan(step, for: device.info), store: store)
/// let validation = try device.compile(Plan(network, for: device.info), store: store)
/// try training.run()
/// try validation.run()
/// let weight = try store.read("conv.weight")
/// ```
public protocol ParameterStore: AnyObject {
  /// Name and type of every parameter that it holds.
  var types: [String: TensorType] { get }

  /// Copies `bytes` into a parameter; fewer bytes than it has leave the rest as it was.
  /// Throws `ParameterError.unknown`, `DeviceError`.
  func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws

  /// Waits for what was started and copies the first `bytes.count` bytes of a parameter.
  func read(_ name: String, into bytes: UnsafeMutableRawBufferPointer) throws
}

extension ParameterStore {
  /// Bytes that it takes on the device.
  public var bytes: Int { types.values.reduce(0) { $0 + $1.bytes } }

  public func write<Element: BitwiseCopyable>(_ name: String, _ values: [Element]) throws {
    try values.withUnsafeBytes { try write(name, $0) }
  }

  /// A whole parameter.
  public func read(_ name: String) throws -> Tensor {
    let type = try type(of: name, for: 0)
    var bytes = [UInt8](repeating: 0, count: type.bytes)
    try bytes.withUnsafeMutableBytes { try read(name, into: $0) }
    return Tensor(type, bytes: bytes)
  }

  /// All parameters, as they are now: a checkpoint, or constants for other plans.
  public var values: ParameterValues {
    get throws {
      var tensors: [String: Tensor] = [:]
      for name in types.keys { tensors[name] = try read(name) }
      return ParameterValues(tensors)
    }
  }

  /// The type of a parameter of which `bytes` bytes are to be written or read.
  func type(of name: String, for bytes: Int) throws -> TensorType {
    guard let type = types[name] else {
      throw ParameterError.unknown(name, known: types.keys.sorted())
    }
    guard bytes <= type.bytes else { throw DeviceError.portSize(name, type, bytes: bytes) }
    return type
  }
}

extension Plan {
  /// The blocks of `store` that the plan's state parameters lie in, in their order.
  ///
  /// Throws `ParameterError` where the store has not all of them, has another type, or is in another
  /// device's memory: `blocks` then gives nil.
  func memory<Store: ParameterStore, Memory>(
    in store: (any ParameterStore)?, _ blocks: (Store) -> [String: Memory]?
  ) throws(ParameterError) -> [Memory] {
    if states.isEmpty { return [] }
    guard let store else { throw .noValue(states.map(\.name)) }
    guard let own = store as? Store, let blocks = blocks(own) else {
      throw .elsewhere(device: device.name)
    }
    var result: [Memory] = []
    for (name, type) in states {
      guard let block = blocks[name], let has = own.types[name] else {
        throw .unknown(name, known: own.types.keys.sorted())
      }
      guard has == type else { throw .type(name, type, has) }
      result.append(block)
    }
    return result
  }
}
