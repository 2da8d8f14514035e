import Formats
import Foundation
import Microscopy

/// A folder of its own for the length of a test.
final class TableFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "glint-tables-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ text: String, to name: String) throws -> String {
    try write(Data(text.utf8), to: name)
  }

  func write(_ data: Data, to name: String) throws -> String {
    try data.write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// What lies in the folder, hidden files included.
  var contents: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }
}

/// The shared third-party data, nil (with a line that says so) where they are not at hand.
func tableData(_ name: String, file: String = #filePath) -> String? {
  let root = URL(fileURLWithPath: file).appendingPathComponent("../../../../../shared/data")
  let folder = ProcessInfo.processInfo.environment["GLINT_DATA"] ?? root.standardized.path
  let path = folder + "/" + name
  if FileManager.default.fileExists(atPath: path) { return path }
  print("skipped: \(name) is not at hand (set GLINT_DATA to the folder of shared data)")
  return nil
}

/// Deterministic numbers for tests (SplitMix64).
struct TableRandom: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A table with every quantity that a 3D fit gives, and one that only the test knows.
func sampleTable(rows: Int, seed: UInt64 = 1) -> Localizations {
  var random = TableRandom(seed)
  var table = Localizations(
    field: FieldOfView(width: 256, height: 200, frames: rows + 10, pixelSize: 130))
  table.frame = (0..<rows).map { $0 / 3 }
  func column(_ range: ClosedRange<Double>) -> [Double] {
    (0..<rows).map { _ in Double.random(in: range, using: &random) }
  }
  table[.x] = column(0...255)
  table[.y] = column(0...199)
  table[.z] = column(-500...500)
  table[.photons] = column(50...20_000)
  table[.background] = column(0.1...100)
  table[.sigmaX] = column(0.8...2)
  table[.sigmaY] = column(0.8...2)
  table[.xError] = column(0.01...0.3)
  table[.yError] = column(0.01...0.3)
  table[.zError] = column(5...60)
  table[.photonsError] = column(5...90)
  table[.logLikelihoodRatio] = column(20...90)
  table[.iterations] = (0..<rows).map { Double($0 % 17) }
  table[.state] = (0..<rows).map { Double($0 % 5) }
  table[Quantity("circularity", .none)] = column(1e-5...1)
  table[Quantity("tilt", .degree)] = column(-180...180)
  table.provenance = [
    ProvenanceStep(
      program: "Glint", version: "0.1.0", action: "localize", device: "CPU (avx2)",
      settings: ["box": "7", "fit": "mle", "recipe": "detector: dog\nbox: 7\n"]),
    ProvenanceStep(program: "Glint", version: "0.1.0", action: "convert"),
  ]
  return table
}

/// The largest difference between two columns, infinite where one is missing.
func difference(_ a: Localizations, _ b: Localizations, _ quantity: Quantity) -> Double {
  guard let a = a[quantity], let b = b[quantity], a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// What the error of `body` says; empty where there is none.
func words(of body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return ""
  } catch let error as TableError {
    return "\(error)"
  } catch let error as OutputError {
    return "\(error)"
  } catch {
    return "an error of the type \(type(of: error)), which nobody expects: \(error)"
  }
}
