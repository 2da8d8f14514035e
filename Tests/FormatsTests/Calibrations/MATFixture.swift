import CZlib
import Foundation

/// Writes MATLAB 5 files as MATLAB does, for the reader's tests.
struct MATFixture {
  indirect enum Value {
    case numbers([Int], [Double])
    case single([Int], [Float])
    case truth(Bool)
    case text(String)
    case cells([Value])
    case structure([(String, Value)])
    case structures(Int, [String], [Value])
  }

  var bigEndian = false

  func file(_ variables: [(String, Value)], compressed: Bool = false) -> Data {
    var data = Data("MATLAB 5.0 MAT-file, made for a test".utf8)
    data += Data(repeating: 0x20, count: 124 - data.count)
    data += bigEndian ? Data([1, 0, 0x4D, 0x49]) : Data([0, 1, 0x49, 0x4D])
    for (name, value) in variables {
      let matrix = self.matrix(name, value)
      data += compressed ? deflated(matrix) : matrix
    }
    return data
  }

  private func bytes(_ values: [some FixedWidthInteger]) -> Data {
    values.reduce(into: Data()) { data, value in
      withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { data += $0 }
    }
  }

  private func word(_ value: UInt32) -> Data { bytes([value]) }

  private func element(_ kind: UInt32, _ body: Data) -> Data {
    if body.count <= 4, !body.isEmpty {
      return word(UInt32(body.count) << 16 | kind) + body
        + Data(repeating: 0, count: 4 - body.count)
    }
    return word(kind) + word(UInt32(body.count)) + body
      + Data(repeating: 0, count: (8 - body.count % 8) % 8)
  }

  private func deflated(_ data: Data) -> Data {
    var size = compressBound(uLong(data.count))
    var result = [UInt8](repeating: 0, count: Int(size))
    _ = data.withUnsafeBytes {
      compress(&result, &size, $0.bindMemory(to: UInt8.self).baseAddress, uLong($0.count))
    }
    return word(15) + word(UInt32(size)) + Data(result[..<Int(size)])
  }

  private func matrix(_ name: String, _ value: Value) -> Data {
    func head(_ kind: UInt32, _ shape: [Int], flags: UInt32 = 0) -> Data {
      element(6, word(kind | flags << 8) + word(0))
        + element(5, shape.reduce(Data()) { $0 + word(UInt32($1)) })
        + element(1, Data(name.utf8))
    }
    let body: Data
    switch value {
    case .numbers(let shape, let values):
      body = head(6, shape) + element(9, bytes(values.map(\.bitPattern)))
    case .single(let shape, let values):
      body = head(7, shape) + element(7, bytes(values.map(\.bitPattern)))
    case .truth(let truth):
      body = head(9, [1, 1], flags: 2) + element(2, Data([truth ? 1 : 0]))
    case .text(let text):
      body = head(4, [1, text.utf16.count]) + element(4, bytes(Array(text.utf16)))
    case .cells(let values):
      body = head(1, [1, values.count]) + values.reduce(Data()) { $0 + matrix("", $1) }
    case .structure(let fields):
      body =
        head(2, [1, 1])
        + names(fields.map(\.0)) + fields.reduce(Data()) { $0 + matrix("", $1.1) }
    case .structures(let count, let fields, let values):
      body =
        head(2, [1, count]) + names(fields) + values.reduce(Data()) { $0 + matrix("", $1) }
    }
    return word(14) + word(UInt32(body.count)) + body
  }

  private func names(_ names: [String]) -> Data {
    let length = 32
    return element(5, word(UInt32(length)))
      + element(
        1,
        names.reduce(Data()) {
          $0 + Data($1.utf8) + Data(repeating: 0, count: length - $1.utf8.count)
        })
  }
}
