import Compute
import Containers
import Foundation
import Networks
import TestSupport
import Testing

extension SharedData {
  static func array(_ name: String) throws -> NumPyArray { try NumPyArray(bytes(name)) }
}

/// A folder that is removed after the test.
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
