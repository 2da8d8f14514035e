import Compute
import Containers
import Foundation

/// Glint's own weight format: https://github.com/huggingface/safetensors, with the network's
/// configuration as JSON under the metadata key `glint.network`.
public enum SafeTensors {
  static let configurationKey = "glint.network"

  static func recognizes(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= 10, let length = try? headerLength(bytes) else { return false }
    return length <= bytes.count - 8 && bytes[8] == UInt8(ascii: "{")
  }

  private struct Entry: Codable {
    var dtype: String
    var shape: [Int]
    var offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype
      case shape
      case offsets = "data_offsets"
    }
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private struct Header: Decodable {
    var metadata: [String: String] = [:]
    var entries: [String: Entry] = [:]

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for key in container.allKeys {
        if key.stringValue == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
        }
      }
    }
  }

  private static func headerLength(_ bytes: [UInt8]) throws(FileFault) -> Int {
    var cursor = try ByteCursor(bytes)
    return try cursor.length(8)
  }

  static func decode(_ bytes: [UInt8]) throws -> Weights {
    var cursor = try ByteCursor(bytes)
    let json = try cursor.take(try cursor.length(8))
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: Data(json))
    } catch {
      throw FileFault("has an invalid safetensors header", byte: 8)
    }
    let start = cursor.offset
    var tensors: [String: Tensor] = [:]
    var allowance = Allowance(file: bytes.count)
    for (name, entry) in header.entries {
      guard let element = StoredElement(rawValue: entry.dtype) else {
        throw FileFault("stores tensor `\(name)` as \(entry.dtype), which is not known")
      }
      guard let count = elementCount(entry.shape), entry.shape.count <= 16,
        entry.offsets.count == 2,
        let from = entry.offsets.first, let to = entry.offsets.last, from >= 0,
        to >= from,
        to - from == count * element.width
      else {
        throw FileFault(
          "stores tensor `\(name)` of shape \(WeightError.text(entry.shape)) in the bytes "
            + "\(entry.offsets), which do not fit it")
      }
      guard to <= bytes.count - start else {
        throw FileFault("ends within tensor `\(name)`", byte: bytes.count)
      }
      try allowance.take(4 * count)
      tensors[name] = Tensor(
        element.floats(bytes[start + from..<start + to]), shape: entry.shape)
    }
    let configuration = try header.metadata[configurationKey].map { text in
      do {
        return try NetworkConfiguration(json: text)
      } catch {
        throw FileFault("has an invalid network configuration", byte: 8)
      }
    }
    var weights = Weights(tensors, configuration: configuration)
    weights.texts = header.metadata.filter { $0.key != configurationKey }
    return weights
  }

  /// The file's bytes: float32, tensors sorted by name, so that equal weights give equal files.
  public static func encode(_ weights: Weights) throws -> [UInt8] {
    var header: [String: any Encodable] = [:]
    var data: [UInt8] = []
    for (name, tensor) in weights.tensors.sorted(by: { $0.key < $1.key }) {
      header[name] = Entry(
        dtype: StoredElement.f32.rawValue, shape: tensor.type.shape,
        offsets: [data.count, data.count + tensor.type.bytes])
      data += tensor.bytes
    }
    var texts = weights.texts
    texts[configurationKey] = try weights.configuration?.json
    if !texts.isEmpty { header["__metadata__"] = texts }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var json = try encoder.encode(header.mapValues(AnyEncodable.init))
    json.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8))
    return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json + data
  }

  /// Writes the file atomically: no reader sees half of it.
  public static func write(_ weights: Weights, to path: String) throws {
    try Data(encode(weights)).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  private struct AnyEncodable: Encodable {
    let value: any Encodable
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
  }
}
