import CBlosc
import CLZ4
import CZlib
import CZstd
import Containers
import Foundation

/// A Zarr array written chunk by chunk from its specification, for every branch of the reader.
struct ZarrFixture {
  var version = 3
  var shape = [7, 10, 13]
  var chunk = [1, 10, 13]
  /// Chunks along each axis of a shard; nil without shards.
  var shard: [Int]?
  var indexIsLast = true
  var type = "uint16"
  var bigEndian = false
  /// Names of Zarr 3, and zlib and lz4 for Zarr 2.
  var codecs: [String] = []
  var separator = "/"
  var fill = "0"
  /// Chunks (or shards) that are not written, as their names.
  var missing: Set<String> = []
  var attributes = ""
  var names = "[\"t\", \"y\", \"x\"]"
  var extra = ""

  /// What part beyond the edges holds; no reader may deliver it.
  private static let padding = 77.0

  /// The number of a pixel: whole, and within every type.
  static func value(_ index: Int) -> Double { Double(index * 37 % 113) }

  var values: [Double] { (0..<shape.reduce(1, *)).map(Self.value) }

  func write(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let metadata = version == 3 ? json3 : json2
    try Data(metadata.utf8).write(
      to: URL(fileURLWithPath: folder + (version == 3 ? "/zarr.json" : "/.zarray")))
    if version == 2, !attributes.isEmpty {
      try Data("{\(attributes)}".utf8).write(to: URL(fileURLWithPath: folder + "/.zattrs"))
    }
    let outer = shard.map { zip($0, chunk).map { $0 * $1 } } ?? chunk
    for place in Self.grid(zip(shape, outer).map { ($0 - 1) / $1 + 1 }) {
      var name = place.map(String.init).joined(separator: separator)
      if version == 3 { name = "c" + separator + name }
      if missing.contains(name) { continue }
      var bytes: [UInt8] = []
      if let shard {
        var index: [UInt64] = []
        let head = indexIsLast ? 0 : 16 * shard.reduce(1, *) + 4
        for inner in Self.grid(shard) {
          let at = zip(zip(place, shard), inner).map { $0.0 * $0.1 + $1 }
          if zip(zip(at, chunk), shape).contains(where: { $0.0 * $0.1 >= $1 }) {
            index += [.max, .max]
            continue
          }
          let stored = pack(content(at))
          index += [UInt64(head + bytes.count), UInt64(stored.count)]
          bytes += stored
        }
        var raw = index.flatMap { value in withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }
        raw += Self.checksum(raw)
        bytes = indexIsLast ? bytes + raw : raw + bytes
      } else {
        bytes = pack(content(place))
      }
      let path = URL(fileURLWithPath: folder + "/" + name)
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: path)
    }
  }

  private static func grid(_ counts: [Int]) -> [[Int]] {
    counts.reduce([[]]) { places, count in places.flatMap { p in (0..<count).map { p + [$0] } } }
  }

  /// The pixels of a chunk as stored numbers.
  private func content(_ place: [Int]) -> [UInt8] {
    Self.grid(chunk).flatMap { inside -> [UInt8] in
      var (index, isInside) = (0, true)
      for axis in shape.indices {
        let position = place[axis] * chunk[axis] + inside[axis]
        isInside = isInside && position < shape[axis]
        index = index * shape[axis] + position
      }
      return number(isInside ? Self.value(index) : Self.padding)
    }
  }

  private func number(_ value: Double) -> [UInt8] {
    func bytes<N: FixedWidthInteger>(_ n: N) -> [UInt8] {
      withUnsafeBytes(of: bigEndian ? n.bigEndian : n.littleEndian) { [UInt8]($0) }
    }
    return switch type {
    case "uint8", "int8": [UInt8(value)]
    case "uint16", "int16": bytes(UInt16(value))
    case "uint32", "int32": bytes(UInt32(value))
    case "float32": bytes(Float(value).bitPattern)
    default: bytes(value.bitPattern)
    }
  }

  private func pack(_ bytes: [UInt8]) -> [UInt8] {
    codecs.reduce(bytes) { bytes, codec in
      var out = [UInt8](repeating: 0, count: bytes.count * 2 + 1024)
      switch codec {
      case "crc32c": return bytes + Self.checksum(bytes)
      case "zstd":
        let size = ZSTD_compress(&out, out.count, bytes, bytes.count, 3)
        return Array(out.prefix(size))
      case "blosc":
        let size = blosc_compress_ctx(
          5, 1, number(0).count, bytes.count, bytes, &out, out.count, "lz4", 0, 1)
        return Array(out.prefix(Int(size)))
      case "lz4":
        let packed = bytes.withUnsafeBytes { from in
          out.withUnsafeMutableBytes { to in
            LZ4_compress_default(
              from.bindMemory(to: CChar.self).baseAddress,
              to.bindMemory(to: CChar.self).baseAddress,
              Int32(bytes.count), Int32(to.count))
          }
        }
        let size = withUnsafeBytes(of: UInt32(bytes.count).littleEndian) { [UInt8]($0) }
        return size + out.prefix(Int(packed))
      default:
        var size = uLong(out.count)
        _ = compress2(&out, &size, bytes, uLong(bytes.count), 6)
        if codec == "zlib" { return Array(out.prefix(Int(size))) }
        // gzip has the same stream between another header and another end.
        let end = [
          UInt32(truncatingIfNeeded: crc32(0, bytes, UInt32(bytes.count))), UInt32(bytes.count),
        ]
        return [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255] + out[2..<Int(size) - 4]
          + end.flatMap { value in withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) } }
      }
    }
  }

  private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: CRC32C.of(bytes).littleEndian) { [UInt8]($0) }
  }

  private var json2: String {
    let types = [
      "uint8": "u1", "int8": "i1", "uint16": "u2", "int16": "i2", "uint32": "u4",
      "int32": "i4", "float32": "f4", "float64": "f8",
    ]
    let order = types[type]!.hasSuffix("1") ? "|" : bigEndian ? ">" : "<"
    return """
      {"zarr_format": 2, "shape": \(shape), "chunks": \(chunk), "dtype": "\(order)\(types[type]!)",
      "compressor": \(codecs.first.map { "{\"id\": \"\($0)\", \"level\": 3}" } ?? "null"),
      "filters": null, "order": "C", "fill_value": \(fill),
      "dimension_separator": "\(separator)"\(extra)}
      """
  }

  private var json3: String {
    let endian =
      "{\"name\": \"bytes\", \"configuration\": {\"endian\": \"\(bigEndian ? "big" : "little")\"}}"
    let inner = ([endian] + codecs.map { "{\"name\": \"\($0)\", \"configuration\": {}}" })
      .joined(separator: ", ")
    let list =
      shard == nil
      ? inner
      : """
      {"name": "sharding_indexed", "configuration": {"chunk_shape": \(chunk), "codecs": [\(inner)],
      "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
      "index_location": "\(indexIsLast ? "end" : "start")"}}
      """
    let outer = shard.map { zip($0, chunk).map { $0 * $1 } } ?? chunk
    return """
      {"zarr_format": 3, "node_type": "array", "shape": \(shape), "data_type": "\(type)",
      "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": \(outer)}},
      "chunk_key_encoding": {"name": "default", "configuration": {"separator": "\(separator)"}},
      "codecs": [\(list)], "fill_value": \(fill), "dimension_names": \(names),
      "attributes": {\(attributes)}\(extra)}
      """
  }

  /// The description of an OME image whose array is in `path`.
  static func multiscales(
    _ axes: String, path: String, scale: String, unit: String = "micrometer"
  ) -> String {
    let list = axes.map { axis in
      let isSpace = "zyx".contains(axis)
      return
        "{\"name\": \"\(axis)\", \"type\": \"\(isSpace ? "space" : axis == "t" ? "time" : "channel")\""
        + (isSpace ? ", \"unit\": \"\(unit)\"}" : axis == "t" ? ", \"unit\": \"second\"}" : "}")
    }.joined(separator: ", ")
    return "\"multiscales\": [{\"axes\": [\(list)], \"datasets\": [{\"path\": \"\(path)\", "
      + "\"coordinateTransformations\": [{\"type\": \"scale\", \"scale\": \(scale)}]}]}]"
  }
}
