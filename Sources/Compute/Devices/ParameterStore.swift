/// Parameters in a device's memory that executables read and overwrite, for example in a training
/// step and its validation.
///
/// `Device.store` makes one, `Device.compile` takes it. All executables with the same store see the
/// latest values, whether an executable or the host wrote them. A store and its executables are
/// together used by one thread at a time.
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

  /// Copies `bytes` into the start of a parameter and leaves the rest unchanged.
  /// Throws `ParameterError.unknown`, `DeviceError`.
  func write(_ name: String, _ bytes: UnsafeRawBufferPointer) throws

  /// Waits for running work, then copies the first `bytes.count` bytes of a parameter.
  func read(_ name: String, into bytes: UnsafeMutableRawBufferPointer) throws
}

extension ParameterStore {
  /// Bytes on the device.
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

  /// Current values of all parameters, for a checkpoint or as constants of other plans.
  public var values: ParameterValues {
    get throws {
      var tensors: [String: Tensor] = [:]
      for name in types.keys { tensors[name] = try read(name) }
      return ParameterValues(tensors)
    }
  }

  /// The type of a parameter; throws if it has fewer than `bytes` bytes or does not exist.
  func type(of name: String, for bytes: Int) throws -> TensorType {
    guard let type = types[name] else {
      throw ParameterError.unknown(name, known: types.keys.sorted())
    }
    guard bytes <= type.bytes else { throw DeviceError.portSize(name, type, bytes: bytes) }
    return type
  }
}

extension Plan {
  /// The blocks of `store` that hold the plan's state parameters, in their order.
  ///
  /// Throws `ParameterError` if the store lacks one, has another type, or is in another device's
  /// memory (`blocks` returns nil).
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
