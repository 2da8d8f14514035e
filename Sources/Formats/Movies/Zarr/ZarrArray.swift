import Containers
import Foundation
import Microscopy

/// The description of an array: `.zarray` of Zarr 2, `zarr.json` of Zarr 3.
struct ZarrArray {
  /// Several chunks in one file, which has an index of them.
  struct Shards {
    /// Chunks along each axis of a shard.
    var counts: [Int]
    var indexIsLast: Bool
    var indexHasChecksum: Bool
  }

  let folder: String
  let version: Int
  let shape: [Int]
  /// Pixels of a chunk along each axis; in a shard, of the chunks in it.
  var innerChunk: [Int]
  var storage: PixelStorage
  /// The stored bytes of a pixel that was never written.
  var fill: [UInt8] = []
  var fillText = "0"
  /// How a chunk's bytes were packed, in this order.
  var codecs: [ZarrCodec] = []
  var shards: Shards?
  /// What comes before the numbers in the name of a chunk's file, and between them.
  var prefix: String
  var separator: String
  /// nil if the array does not name its axes.
  var axisNames: [String]?

  var packing: String {
    codecs.map { ", \($0.rawValue)" }.joined() + (shards == nil ? "" : ", shards")
  }

  // MARK: Version 2

  init(version2 json: [String: Any], folder: String) throws(MovieError) {
    let file = folder.appending(".zarray")
    (self.folder, version, prefix) = (folder, 2, "")
    separator = json["dimension_separator"] as? String ?? "."
    shape = try Self.lengths(json["shape"], "shape", file)
    innerChunk = try Self.lengths(json["chunks"], "chunks", file)
    let order = json["order"] as? String ?? "C"
    guard order == "C" else {
      throw Self.unsupported("pixels in the order \(order)", file)
    }
    let filters = (json["filters"] as? [[String: Any]] ?? []).map { $0["id"] as? String ?? "?" }
    guard filters.isEmpty else {
      throw Self.unsupported("the filter \(filters.joined(separator: ", "))", file)
    }
    let type = json["dtype"] as? String ?? "\(json["dtype"] ?? "none")"
    let types: [String: Sample] = [
      "u1": .uint8, "i1": .int8, "u2": .uint16, "i2": .int16, "u4": .uint32, "i4": .int32,
      "f4": .float32, "f8": .float64,
    ]
    guard let sample = types[String(type.dropFirst())],
      let mark = type.first, "<>|".contains(mark), sample.bytes == 1 || mark != "|"
    else { throw Self.unsupported("pixels of the type \(type.prefix(80))", file) }
    storage = PixelStorage(sample: sample, bigEndian: mark == ">")
    if let compressor = json["compressor"] as? [String: Any] {
      let name = compressor["id"] as? String ?? "?"
      guard let codec = ZarrCodec(rawValue: name), codec != .crc32c else {
        throw Self.unsupported("the compression \(name)", file)
      }
      codecs = [codec]
    }
    try setFill(json["fill_value"], file)
  }

  // MARK: Version 3

  init(version3 json: [String: Any], folder: String) throws(MovieError) {
    let file = folder.appending("zarr.json")
    (self.folder, version) = (folder, 3)
    shape = try Self.lengths(json["shape"], "shape", file)
    let (gridName, grid) = Self.named(json["chunk_grid"])
    guard gridName == "regular" else {
      throw Self.unsupported("chunks in a \(gridName) grid", file)
    }
    innerChunk = try Self.lengths(grid["chunk_shape"], "chunk_shape", file)
    let (keyName, key) = Self.named(json["chunk_key_encoding"])
    guard keyName == "default" || keyName == "v2" else {
      throw Self.unsupported("names of chunks in the form \(keyName)", file)
    }
    separator = key["separator"] as? String ?? (keyName == "v2" ? "." : "/")
    prefix = keyName == "v2" ? "" : "c" + separator
    let type = json["data_type"] as? String ?? "\(Self.named(json["data_type"]).name)"
    guard let sample = Sample(rawValue: type) else {
      throw Self.unsupported("pixels of the type \(type.prefix(80))", file)
    }
    storage = PixelStorage(sample: sample, bigEndian: false)
    guard (json["storage_transformers"] as? [Any] ?? []).isEmpty else {
      throw Self.unsupported("storage transformers", file)
    }
    if let names = json["dimension_names"] as? [Any] {
      let texts = names.map { $0 as? String ?? "" }
      axisNames = texts.allSatisfy(\.isEmpty) ? nil : texts
    }
    var list = (json["codecs"] as? [Any] ?? []).map(Self.named)
    if let first = list.first, first.name == "sharding_indexed" {
      guard list.count == 1 else {
        throw Self.unsupported("the codec \(list[1].name) around shards", file)
      }
      let chunk = try Self.lengths(first.fields["chunk_shape"], "chunk_shape", file)
      guard chunk.count == innerChunk.count,
        zip(innerChunk, chunk).allSatisfy({ $1 > 0 && $0 % $1 == 0 }),
        let count = elementCount(zip(innerChunk, chunk).map { $0 / $1 }), 1..<1 << 32 ~= count
      else {
        throw MovieError(
          .inconsistent, "shards of shape \(innerChunk) in chunks of shape \(chunk)", file: file)
      }
      let index = (first.fields["index_codecs"] as? [Any] ?? []).map(Self.named)
      let names = index.map(\.name)
      guard names == ["bytes"] || names == ["bytes", "crc32c"],
        index[0].fields["endian"] as? String ?? "little" == "little"
      else {
        throw Self.unsupported(
          "an index of shards in the form \(names.joined(separator: ", "))", file)
      }
      shards = Shards(
        counts: zip(innerChunk, chunk).map { $0 / $1 },
        indexIsLast: first.fields["index_location"] as? String ?? "end" == "end",
        indexHasChecksum: names.count == 2)
      innerChunk = chunk
      list = (first.fields["codecs"] as? [Any] ?? []).map(Self.named)
    }
    try setCodecs(list, file)
    try setFill(json["fill_value"], file)
  }

  /// The name and the configuration of an extension; a name alone stands for no configuration.
  private static func named(_ value: Any?) -> (name: String, fields: [String: Any]) {
    if let name = value as? String { return (name, [:]) }
    let object = value as? [String: Any] ?? [:]
    return (object["name"] as? String ?? "?", object["configuration"] as? [String: Any] ?? [:])
  }

  private mutating func setCodecs(
    _ list: [(name: String, fields: [String: Any])], _ file: String
  ) throws(MovieError) {
    guard let first = list.first, first.name == "bytes" else {
      throw Self.unsupported("the codec \(list.first?.name ?? "none")", file)
    }
    let order = first.fields["endian"] as? String ?? "little"
    guard order == "little" || order == "big" else {
      throw Self.unsupported("the byte order \(order)", file)
    }
    storage.bigEndian = order == "big" && storage.sample.bytes > 1
    for step in list.dropFirst() {
      guard let codec = ZarrCodec(rawValue: step.name), codec.isOfVersion3 else {
        throw Self.unsupported("the codec \(step.name)", file)
      }
      codecs.append(codec)
    }
    guard codecs.count < 8, codecs.count(where: { $0 != .crc32c }) <= 1 else {
      throw Self.unsupported(
        "more than one compression (\(codecs.map(\.rawValue).joined(separator: ", ")))", file)
    }
  }

  // MARK: Fields

  private static func unsupported(_ what: String, _ file: String) -> MovieError {
    MovieError(
      .unsupported, "\(what): not supported", file: file,
      hint: "store the array with the pixels in C order and blosc, zstd, gzip or no compression")
  }

  private static func lengths(
    _ value: Any?, _ name: String, _ file: String
  ) throws(MovieError) -> [Int] {
    let numbers = value as? [Any]
    let lengths = numbers?.compactMap { number in
      (number as? NSNumber).flatMap { Int(exactly: $0.doubleValue) }
    }
    guard let lengths, lengths.count == numbers?.count, (2...8).contains(lengths.count),
      lengths.allSatisfy({ $0 >= 0 && $0 < 1 << 48 })
    else {
      throw MovieError(
        .inconsistent, "`\(name)` is not a list of 2 to 8 lengths, as an image has", file: file)
    }
    return lengths
  }

  private mutating func setFill(_ value: Any?, _ file: String) throws(MovieError) {
    if value == nil || value is NSNull { return }
    let words = ["NaN": Double.nan, "Infinity": .infinity, "-Infinity": -.infinity]
    let stated =
      (value as? NSNumber)?.doubleValue
      ?? (value as? String).flatMap { text in
        // Zarr 3 also has the bits of a float in hexadecimal.
        words[text]
          ?? (text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : nil).flatMap {
            storage.sample == .float64
              ? Double(bitPattern: $0)
              : UInt32(exactly: $0).map { Double(Float(bitPattern: $0)) }
          }
      }
    guard let number = stated else {
      throw MovieError(.inconsistent, "the fill value is not a number", file: file)
    }
    guard number != 0 else { return }
    func bytes<Number: FixedWidthInteger>(_: Number.Type, _ number: Number?) -> [UInt8]? {
      number.map { number in
        withUnsafeBytes(of: storage.bigEndian ? number.bigEndian : number.littleEndian) {
          [UInt8]($0)
        }
      }
    }
    let stored =
      switch storage.sample {
      case .uint8: bytes(UInt8.self, UInt8(exactly: number))
      case .int8: bytes(Int8.self, Int8(exactly: number))
      case .uint16: bytes(UInt16.self, UInt16(exactly: number))
      case .int16: bytes(Int16.self, Int16(exactly: number))
      case .uint32: bytes(UInt32.self, UInt32(exactly: number))
      case .int32: bytes(Int32.self, Int32(exactly: number))
      case .float32: bytes(UInt32.self, Float(number).bitPattern)
      case .float64: bytes(UInt64.self, number.bitPattern)
      }
    guard let stored else {
      throw MovieError(
        .inconsistent, "the fill value \(number) is no pixel of the type \(storage.sample)",
        file: file)
    }
    fill = stored
    fillText = storage.sample.delivered == .uint16 ? "\(Int(number))" : "\(number)"
  }
}
