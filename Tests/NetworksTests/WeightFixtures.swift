import Compute

@testable import Networks

/// Weight files written byte by byte from the formats' descriptions.
enum WeightFixtures {
  /// Two tensors: "a.weight" 2×3 with 1…6, "a.bias" 2 with 7, 8.
  static let expected = Weights([
    "a.weight": Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3]),
    "a.bias": Tensor([7, 8] as [Float], shape: [2]),
  ])

  static func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  static func floats(_ values: [Float]) -> [UInt8] { values.flatMap { little($0.bitPattern) } }

  // MARK: Zip

  static func zip(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in members {
      let name = Array(name.utf8)
      let sizes = little(crc32(bytes)) + little(UInt32(bytes.count)) + little(UInt32(bytes.count))
      let common = [20, 0, 0, 0, 0, 0, 0, 0, 0, 0] + sizes + little(UInt16(name.count)) + [0, 0]
      directory += [0x50, 0x4b, 1, 2, 20, 0] + common
      directory += [UInt8](repeating: 0, count: 10) + little(UInt32(file.count)) + name
      file += [0x50, 0x4b, 3, 4] + common + name + bytes
    }
    let count = little(UInt16(members.count))
    return file + directory + [0x50, 0x4b, 5, 6, 0, 0, 0, 0] + count + count
      + little(UInt32(directory.count)) + little(UInt32(file.count)) + [0, 0]
  }

  private static func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { crc, _ in
        crc >> 1 ^ (crc & 1 == 1 ? 0xedb8_8320 : 0)
      }
    }
  }

  // MARK: NumPy

  static func npy(_ descr: String, fortran: Bool, _ shape: String, _ data: [UInt8]) -> [UInt8] {
    var header =
      "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(UInt16(header.utf8.count))
      + Array(header.utf8) + data
  }

  static var npz: [UInt8] {
    zip([
      // Fortran order: columns first.
      ("a.weight.npy", npy("<f4", fortran: true, "(2, 3)", floats([1, 4, 2, 5, 3, 6]))),
      (
        "a.bias.npy",
        npy(
          ">f8", fortran: false, "(2,)",
          [7.0, 8.0].flatMap {
            little($0.bitPattern).reversed()
          })
      ),
    ])
  }

  // MARK: Pickles

  static func text(_ text: String) -> [UInt8] {
    [UInt8(ascii: "X")] + little(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  static func tuple(_ parts: [UInt8]...) -> [UInt8] {
    Array("(".utf8) + parts.flatMap { $0 } + Array("t".utf8)
  }

  static func int(_ value: UInt8) -> [UInt8] { [UInt8(ascii: "K"), value] }

  /// A tensor of a storage, with the strides of a transposed view for 2×3.
  static func tensor(key: String, count: UInt8, shape: [UInt8], strides: [UInt8]) -> [UInt8] {
    let storage =
      tuple(
        text("storage"), global("torch", "FloatStorage"), text(key), text("cpu"), int(count)) + [
        UInt8(ascii: "Q")
      ]
    let arguments = tuple(
      storage, int(0), tuple(shape.flatMap(int)), tuple(strides.flatMap(int)), [0x89],
      global("collections", "OrderedDict") + Array(")R".utf8))
    return global("torch._utils", "_rebuild_tensor_v2") + arguments + Array("R".utf8)
  }

  /// The state dict of `expected`; its matrix is stored transposed.
  static var stateDictionary: [UInt8] {
    global("collections", "OrderedDict") + Array(")R(".utf8)
      + text("a.weight") + tensor(key: "0", count: 6, shape: [2, 3], strides: [1, 2])
      + text("a.bias") + tensor(key: "1", count: 2, shape: [2], strides: [1]) + Array("u".utf8)
  }

  /// The same as a whole module: classes, `_modules`, `_parameters`.
  static var wholeObject: [UInt8] {
    func module(_ name: String, _ state: [UInt8]) -> [UInt8] {
      global("their.network", name) + Array(")".utf8) + [0x81] + Array("}".utf8) + state
        + Array("b".utf8)
    }
    let inner = module(
      "Layer",
      text("_parameters") + Array("}(".utf8)
        + text("weight") + tensor(key: "0", count: 6, shape: [2, 3], strides: [1, 2])
        + text("bias") + tensor(key: "1", count: 2, shape: [2], strides: [1]) + Array("us".utf8))
    return module(
      "Net",
      text("_modules") + Array("}".utf8) + text("a") + inner + Array("ss".utf8)
        + text("factor") + [UInt8(ascii: "G")] + little((2.5).bitPattern).reversed()
        + Array("s".utf8))
  }

  static func pickle(_ body: [UInt8]) -> [UInt8] { [0x80, 2] + body + Array(".".utf8) }

  static let storages: [(key: String, values: [Float])] = [
    ("0", [1, 4, 2, 5, 3, 6]), ("1", [7, 8]),
  ]

  static func torchZip(_ body: [UInt8]) -> [UInt8] {
    zip(
      [("archive/data.pkl", pickle(body))]
        + storages.map { ("archive/data/\($0.key)", floats($0.values)) })
  }

  static func torchLegacy(_ body: [UInt8]) -> [UInt8] {
    let magic: [UInt8] = [0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]
    let keys = Array("](".utf8) + storages.flatMap { text($0.key) } + Array("e".utf8)
    return pickle(magic) + pickle([UInt8(ascii: "M"), 0xe9, 3]) + pickle(Array("}".utf8))
      + pickle(body) + pickle(keys)
      + storages.flatMap { little(UInt64($0.values.count)) + floats($0.values) }
  }

  // MARK: HDF5

  enum Tree {
    case group([(name: String, member: Tree)])
    case dataset([UInt64], [Float])
  }

  /// Superblock 0, old-style groups, contiguous little-endian floats.
  static func hdf5(_ tree: Tree) -> [UInt8] {
    var file = [UInt8](repeating: 0, count: 96)
    func put(_ bytes: [UInt8]) -> UInt64 {
      while file.count % 8 != 0 { file.append(0) }
      defer { file += bytes }
      return UInt64(file.count)
    }
    func message(_ kind: UInt16, _ body: [UInt8]) -> [UInt8] {
      let padded = body + [UInt8](repeating: 0, count: (8 - body.count % 8) % 8)
      return little(kind) + little(UInt16(padded.count)) + [0, 0, 0, 0] + padded
    }
    func header(_ messages: [[UInt8]]) -> [UInt8] {
      let body = messages.flatMap { $0 }
      return [1, 0] + little(UInt16(messages.count)) + little(UInt32(1))
        + little(UInt32(body.count)) + [0, 0, 0, 0] + body
    }
    func dataset(_ shape: [UInt64], _ values: [Float]) -> UInt64 {
      let data = put(floats(values))
      let type: [UInt8] = [
        0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0,
      ]
      return put(
        header([
          message(1, [1, UInt8(shape.count), 0, 0, 0, 0, 0, 0] + shape.flatMap { little($0) }),
          message(3, type),
          message(8, [3, 1] + little(data) + little(UInt64(4 * values.count))),
        ]))
    }
    func group(_ members: [(name: String, address: UInt64)]) -> UInt64 {
      var names: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]
      var symbols: [UInt8] = Array("SNOD".utf8) + [1, 0] + little(UInt16(members.count))
      for (name, address) in members {
        symbols += little(UInt64(names.count)) + little(address) + [UInt8](repeating: 0, count: 24)
        names += Array(name.utf8) + [0]
      }
      let segment = put(names)
      let heap = put(
        Array("HEAP".utf8) + [0, 0, 0, 0] + little(UInt64(names.count)) + little(UInt64.max)
          + little(segment))
      let node = put(symbols)
      let tree = put(
        Array("TREE".utf8) + [0, 0, 1, 0] + little(UInt64.max) + little(UInt64.max)
          + little(UInt64(0)) + little(node) + little(UInt64(8)))
      return put(header([message(0x11, little(tree) + little(heap))]))
    }
    func write(_ tree: Tree) -> UInt64 {
      switch tree {
      case .dataset(let shape, let values): dataset(shape, values)
      case .group(let members): group(members.map { ($0.name, write($0.member)) })
      }
    }
    let root = write(tree)
    let start: [UInt8] =
      [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0]
      + little(UInt32(0)) + little(UInt64(0)) + little(UInt64.max) + little(UInt64(file.count))
      + little(UInt64.max) + little(UInt64(0)) + little(root)
    file.replaceSubrange(0..<start.count, with: start)
    return file
  }

  /// As Keras 2 writes it: model_weights / a / a_1 with kernel:0 (3×2) and bias:0.
  static var keras: [UInt8] {
    // Keras' dense kernel is [in, out].
    let inner = Tree.group([
      ("bias:0", .dataset([2], [7, 8])), ("kernel:0", .dataset([3, 2], [1, 4, 2, 5, 3, 6])),
    ])
    return hdf5(.group([("model_weights", .group([("a", .group([("a_1", inner)]))]))]))
  }

  /// As Keras 3 writes a network's weights: layers / kind_number / vars / index, and an optimizer.
  static func keras3(_ network: Network, _ weights: Weights) -> [UInt8] {
    var numbers: [String: Int] = [:]
    var layers: [(name: String, member: Tree)] = []
    for node in network.nodes {
      let kinds: [LayersInOrder.Kind: String] = [
        .convolution: "conv2d", .transposedConvolution: "conv2d_transpose",
        .batchNorm: "batch_normalization",
      ]
      guard let place = node.layer.place, let kind = kinds[place.kind] else { continue }
      let parts = network.parameters(of: node).map(\.name)
      let number = numbers[kind, default: 0]
      numbers[kind] = number + 1
      let tensors = parts.compactMap { weights.tensors[$0] }
      let variables = tensors.enumerated().map { index, tensor in
        // [out, in, h, w] → [h, w, in, out]; transposed convolutions alike.
        let turned = tensor.type.shape.count == 4 ? tensor.permuted([2, 3, 1, 0]) : tensor
        return (
          name: "\(index)", member: Tree.dataset(turned.type.shape.map(UInt64.init), turned.floats)
        )
      }
      layers.append(
        (number == 0 ? kind : "\(kind)_\(number)", .group([("vars", .group(variables))])))
    }
    let optimizer = Tree.group([("vars", .group([("0", .dataset([1], [3]))]))])
    // Names of a group are sorted.
    return hdf5(
      .group([("layers", .group(layers.sorted { $0.name < $1.name })), ("optimizer", optimizer)]))
  }

  // MARK: ONNX

  /// A network of two layers as ONNX, written by this package.
  static func onnx() throws -> [UInt8] {
    var net = Network(channels: 1)
    let x = net.convolution(net.input, "first", 3, to: 2, .leakyReLU(0.1))
    net.output("map", net.convolution(net.upsample(x), "last", 1, to: 1, bias: false))
    return try net.onnx(net.randomWeights(seed: 5))
  }
}
