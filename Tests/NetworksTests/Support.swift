import Compute
import Containers
import Foundation
import Networks
import TestSupport
import Testing

/// The recorded data, where they are at hand.
enum RecordedData {
  /// The path of a file, or a line that says why the test does nothing.
  static func path(_ name: String) -> String? { SharedData.path(name) }

  static func bytes(_ name: String) throws -> [UInt8]? {
    try path(name).map { [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0))) }
  }

  static func array(_ name: String) throws -> NumPyArray? {
    try bytes(name).map { try NumPyArray($0) }
  }
}

/// Another implementation to compare with: Python with some packages, where it is installed.
/// `GLINT_PYTHON` names the interpreter.
enum Python {
  static let interpreter = ProcessInfo.processInfo.environment["GLINT_PYTHON"] ?? "python3"

  /// Runs a script in a folder; nil with a line where Python lacks a package.
  static func run(_ script: String, needs packages: [String], in folder: URL) throws -> String? {
    let imports = packages.map { "import \($0)\n" }.joined()
    guard try call(imports, folder).status == 0 else {
      print("skipped: \(interpreter) has no \(packages.joined(separator: ", ")) (GLINT_PYTHON)")
      return nil
    }
    let (status, output) = try call(imports + script, folder)
    #expect(status == 0, "\(output)")
    return output
  }

  private static func call(_ script: String, _ folder: URL) throws -> (
    status: Int32, output: String
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [interpreter, "-c", script]
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    let complaints = folder.appendingPathComponent("stderr.txt")
    _ = FileManager.default.createFile(atPath: complaints.path, contents: nil)
    process.standardOutput = pipe
    process.standardError = try FileHandle(forWritingTo: complaints)
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus != 0 else { return (0, output) }
    return (
      process.terminationStatus, output + (try String(contentsOf: complaints, encoding: .utf8))
    )
  }
}

/// A folder that is gone after the test.
func withTemporaryFolder<T>(_ body: (URL) throws -> T) throws -> T {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("glint-networks-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

/// Runs a graph with one input on a device.
func run(_ graph: Graph, _ input: [Float], on device: any Device = CPUDevice()) throws
  -> (String) throws -> [Float]
{
  let executable = try device.compile(Plan(graph, for: device.info))
  try executable.write("frames", input)
  try executable.run()
  return { name in try executable.read(name).values.map { Float($0) } }
}

/// From [pixel, channel] to [channel, pixel], per image.
func channelsFirst(_ values: [Float], channels: Int, pixels: Int) -> [Float] {
  var result: [Float] = []
  result.reserveCapacity(values.count)
  for image in 0..<values.count / (channels * pixels) {
    for channel in 0..<channels {
      for pixel in 0..<pixels {
        result.append(values[(image * pixels + pixel) * channels + channel])
      }
    }
  }
  return result
}

/// Root mean square of the difference over that of the expected values.
func relativeError(_ values: [Float], _ expected: [Float]) -> Double {
  guard values.count == expected.count, !values.isEmpty else { return .infinity }
  var difference = 0.0
  var magnitude = 0.0
  for (value, truth) in zip(values, expected) {
    difference += Double((value - truth) * (value - truth))
    magnitude += Double(truth * truth)
  }
  return (difference / max(magnitude, .leastNormalMagnitude)).squareRoot()
}

func largestDifference(_ values: [Float], _ expected: [Float]) -> Float {
  guard values.count == expected.count else { return .infinity }
  return zip(values, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
}
