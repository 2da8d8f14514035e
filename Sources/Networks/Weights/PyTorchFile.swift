import Compute
import Containers

/// Files of `torch.save`: zip (since 1.6) and the older five pickles, with state dicts or whole
/// objects.
enum PyTorchFile {
  /// The number at the start of a legacy file: 0x1950a86a20f9469cfc6c.
  private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  /// Any pickle of protocol 2 or later.
  static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.count > 2 && bytes[0] == 0x80 && (2...5).contains(bytes[1])
  }

  static func decodeZip(_ archive: ZipArchive, pickle: ZipArchive.Member) throws -> Weights {
    let folder = String(pickle.name.dropLast("data.pkl".count))
    var bigEndian = false
    if let order = archive[folder + "byteorder"] {
      bigEndian = try archive.read(order).elementsEqual("big".utf8)
    }
    let allowance = Allowance(file: archive.size)
    return try weights(of: try Pickle(try archive.read(pickle)), allowance) { key, element in
      guard let member = archive[folder + "data/" + key] else {
        throw FileFault("has no storage `\(folder)data/\(key)`")
      }
      return element.floats(try archive.read(member)[...], bigEndian: bigEndian)
    }
  }

  static func decodeLegacy(_ bytes: [UInt8]) throws -> Weights {
    let first = try Pickle(bytes)
    guard first.root == .bytes(magic) else {
      // A bare pickle has no storages; parsing it still finds calls that must be rejected.
      throw FileFault(
        "is a pickle that torch.save did not write",
        hint: "write it with torch.save, or write NumPy arrays with numpy.savez")
    }
    let version = try Pickle(bytes, from: first.end)
    let system = try Pickle(bytes, from: version.end)
    let object = try Pickle(bytes, from: system.end)
    let keys = try Pickle(bytes, from: object.end)
    guard version.root == .int(1001), let names = keys.tuple(keys.root) else {
      throw FileFault("has an unknown version of torch's legacy format", byte: first.end)
    }
    let elements = try storageElements(object)
    var cursor = try ByteCursor(bytes, from: keys.end)
    var places: [String: Range<Int>] = [:]
    for name in names {
      guard case .text(let key) = name, let element = elements[key] else {
        throw FileFault("lists a storage that no tensor uses", byte: object.end)
      }
      let count = try cursor.length(8)
      guard count <= cursor.left / element.width else {
        throw FileFault("ends within storage `\(key)`", byte: bytes.count)
      }
      places[key] = try cursor.range(count * element.width)
    }
    return try weights(of: object, Allowance(file: bytes.count)) { key, element in
      guard let place = places[key] else { throw FileFault("has no storage `\(key)`") }
      return element.floats(bytes[place])
    }
  }

  // MARK: Tensors

  private struct Storage {
    let key: String
    let element: StoredElement
    let count: Int
  }

  private static let elements: [String: StoredElement] = [
    "Float": .f32, "Double": .f64, "Half": .f16, "BFloat16": .bf16, "Char": .i8, "Short": .i16,
    "Int": .i32, "Long": .i64, "Byte": .u8, "Bool": .bool,
  ]

  private static func storage(_ value: Pickle.Value, in pickle: Pickle) -> Storage? {
    guard case .object(let index) = value, case .persistent(let id) = pickle[index],
      let parts = pickle.tuple(id), parts.count >= 5, parts[0] == .text("storage"),
      case .global(let type) = parts[1], type.hasPrefix("torch."), type.hasSuffix("Storage"),
      let name = type.split(separator: ".").last?.dropLast("Storage".count),
      let element = elements[name.hasPrefix("cuda") ? String(name.dropFirst(4)) : String(name)],
      case .text(let key) = parts[2], case .int(let count) = parts[4],
      parts.count == 5 || parts[5] == .none
    else { return nil }
    return Storage(key: key, element: element, count: count)
  }

  private static func storageElements(_ pickle: Pickle) throws -> [String: StoredElement] {
    var result: [String: StoredElement] = [:]
    for index in pickle.objects.indices {
      if let storage = storage(.object(index), in: pickle) { result[storage.key] = storage.element }
    }
    return result
  }

  /// Every tensor of the pickled object, by path.
  private static func weights(
    of pickle: Pickle, _ allowance: Allowance, load: (String, StoredElement) throws -> [Float]
  ) throws -> Weights {
    var allowance = allowance
    var storages: [String: [Float]] = [:]
    var tensors: [String: Tensor] = [:]
    let contents = try PickleContents(pickle)
    for (name, index) in contents.tensors {
      guard
        case .tensor(let source, .int(let offset), let shapeValue, let strideValue) = pickle[index],
        let storage = storage(source, in: pickle), let shape = pickle.integers(shapeValue),
        let strides = pickle.integers(strideValue), shape.count == strides.count, shape.count <= 16
      else { throw FileFault("describes tensor `\(name)` in an unknown way") }
      if storages[storage.key] == nil {
        storages[storage.key] = try load(storage.key, storage.element)
      }
      let values = storages[storage.key]!
      guard reaches(shape, strides, from: offset, within: values.count) else {
        throw FileFault(
          "has tensor `\(name)` of shape \(WeightError.text(shape)) in a storage of "
            + "\(values.count) values")
      }
      try allowance.take(4 * shape.reduce(1, *))
      tensors[name] = Tensor(
        gather(values, shape: shape, strides: strides, offset: offset), shape: shape)
    }
    guard !tensors.isEmpty else {
      throw FileFault(
        "holds no PyTorch tensor", hint: "save the state_dict; save NumPy arrays with numpy.savez")
    }
    return Weights(tensors, numbers: contents.numbers)
  }

  /// Whether every element of a view is inside its storage, and the view is not larger than it.
  private static func reaches(
    _ shape: [Int], _ strides: [Int], from offset: Int, within count: Int
  ) -> Bool {
    guard (0...count).contains(offset), let elements = elementCount(shape), elements <= count else {
      return false
    }
    guard elements > 0 else { return true }
    var last = offset
    for (length, stride) in zip(shape, strides) {
      let (step, overflow) = (length - 1).multipliedReportingOverflow(by: stride)
      guard stride >= 0, !overflow, step < count else { return false }
      last += step
    }
    return last < count
  }
}
