import CFuzzer
import Foundation
import Reporting

/// Writes each input into files in memory, and has the reader read them.
final class FuzzTarget: Sendable {
  /// Separates the files of a format that has several.
  private static let cut = Array("\n=8<=\n".utf8)

  private let reader: FuzzedReader
  private let folder: String

  init(_ reader: FuzzedReader) {
    self.reader = reader
    // Not removed at the end, because a crash ends the process; the script that starts it does that.
    let base = ProcessInfo.processInfo.environment["GLINT_FUZZ_FOLDER"] ?? "/dev/shm"
    folder = "\(base)/glint-fuzz-\(getpid())"
    mkdir(folder, 0o700)
    for name in reader.files where name.contains("/") {
      try? FileManager.default.createDirectory(
        atPath: ("\(folder)/\(name)" as NSString).deletingLastPathComponent,
        withIntermediateDirectories: true)
    }
    for (name, bytes) in reader.fixed { write(bytes[...], to: name) }
  }

  func run(_ input: UnsafeBufferPointer<UInt8>) {
    let parts = split([UInt8](input))
    for (index, name) in reader.files.enumerated() {
      if index < parts.count {
        write(index == 0 ? reader.signed(parts[0]) : parts[index], to: name)
      } else {
        unlink("\(folder)/\(name)")
      }
    }
    let path = reader.opensFolder ? folder : "\(folder)/\(reader.files[0])"
    glint_limit_memory(16 * input.count + 256 << 20)
    defer { glint_limit_memory(0) }
    do {
      try reader.read(path, input.count.isMultiple(of: 2))
    } catch {
      guard error is any Fault else { fatalError("not a Fault: \(type(of: error)) \(error)") }
      _ = "\(error)"
    }
  }

  private func split(_ input: [UInt8]) -> [ArraySlice<UInt8>] {
    guard reader.files.count > 1 else { return [input[...]] }
    var parts: [ArraySlice<UInt8>] = []
    var start = 0
    var at = 0
    while at + Self.cut.count <= input.count, parts.count < reader.files.count - 1 {
      if input[at] == Self.cut[0], input[at..<at + Self.cut.count].elementsEqual(Self.cut) {
        parts.append(input[start..<at])
        at += Self.cut.count
        start = at
      } else {
        at += 1
      }
    }
    return parts + [input[start...]]
  }

  private func write(_ bytes: ArraySlice<UInt8>, to name: String) {
    let path = "\(folder)/\(name)"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard file >= 0 else { fatalError("cannot write \(path): \(String(cString: strerror(errno)))") }
    bytes.withUnsafeBytes { _ = Glibc.write(file, $0.baseAddress, $0.count) }
    close(file)
  }
}
