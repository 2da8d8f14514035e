import Foundation

/// Built programs of one device in a folder, for later processes.
///
/// A file holds its key (everything that affects the binary) and a checksum, so that neither a
/// collision of file names nor a damaged file reaches the driver. If reading or writing fails, the
/// program is compiled.
package struct ProgramStore: Sendable {
  /// Where programs are kept.
  package enum Place: Sendable {
    /// The user's cache folder, for drivers that keep no cache of their own.
    case userCache
    case folder(URL)
  }

  private let folder: URL
  private let device: String

  /// nil if nothing is to be stored.
  ///
  /// - Parameter device: hardware, driver and build options in one line.
  init?(_ place: Place, driver: String, device: String) {
    switch place {
    case .folder(let url): folder = url
    case .userCache:
      let keepsItsOwn = ["CUDA", "PoCL", "pocl"].contains { driver.contains($0) }
      guard !keepsItsOwn, let cache = Self.userCache else { return nil }
      folder = cache.appendingPathComponent("glint/programs")
    }
    self.device = device
  }

  func read(_ text: String) -> [UInt8]? {
    guard let data = try? Data(contentsOf: file(text)) else { return nil }
    let head = Array(key(text).utf8) + [0]
    guard data.count > head.count + 8, data.starts(with: head) else { return nil }
    let binary = Array(data.dropFirst(head.count + 8))
    let sum = Data(Self.bytes(Self.hash(binary)))
    return data.dropFirst(head.count).prefix(8) == sum ? binary : nil
  }

  /// Writes under a temporary name, then renames, so that no reader sees half a file.
  func write(_ binary: [UInt8], for text: String) {
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let path = file(text)
    let temporary = path.appendingPathExtension(UUID().uuidString)
    let contents = Array(key(text).utf8) + [0] + Self.bytes(Self.hash(binary)) + binary
    let written = (try? Data(contents).write(to: temporary)) != nil
    if !written || rename(temporary.path, path.path) != 0 { unlink(temporary.path) }
  }

  private func key(_ text: String) -> String { "glint program 1\n\(device)\n\(text)" }

  private func file(_ text: String) -> URL {
    folder.appendingPathComponent(String(Self.hash(Array(key(text).utf8)), radix: 16))
  }

  /// FNV-1a, 64 bits: for file names and detection of damage, not for security.
  private static func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }

  private static func bytes(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  private static var userCache: URL? {
    let environment = ProcessInfo.processInfo.environment
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      return URL(fileURLWithPath: cache)
    }
    return environment["HOME"].map { URL(fileURLWithPath: $0).appendingPathComponent(".cache") }
  }
}
