import Compute
import Foundation
import Localization
import Microscopy
import Optics

/// Frames per second of detection alone: UInt16 frames in memory to a list of peaks.
struct DetectionBench {
  let device: any Device
  let runs: Int

  func run() throws {
    let batch = 16
    let simulation = try Simulation(
      SimulationSettings(
        width: 256, height: 256, frames: batch, psf: GaussianPSF(sigma: 1.2),
        blinking: .independent(perFrame: 40), camera: Camera()))
    var pixels = [UInt16](repeating: 0, count: batch * 256 * 256)
    pixels.withUnsafeMutableBytes { simulation.read(0..<batch, into: $0) }
    for detector in Detector.Kind.withoutPSF {
      var settings = LocalizationSettings()
      settings.detection.detector = Detector(detector)
      settings.detection.threshold = detector == .gradient ? 300 : detector == .dog ? 1.7 : 1.5
      let stage = try FitStage(
        settings, camera: Camera(), maps: nil, width: 256, height: 256, pixel: .uint16)
      let graph = try stage.detectionGraph(
        BatchShape(leading: 0, frames: batch, trailing: 0), capacity: 4096)
      let executable = try device.compile(Plan(graph, for: device.info), profiling: true)
      try executable.write("frames", pixels)
      let repeats = 20
      let (median, least, most) = try time(runs) {
        for _ in 0..<repeats { try executable.run() }
        _ = try executable.read("total")
      }
      let total = try executable.read("total").values[0]
      let frames = Double(batch * repeats)
      print(
        String(
          format: "%@ 256×256: %.0f frames/s (median of %d; %.0f to %.0f), %.1f peaks per frame",
          detector.rawValue, frames / median, runs, frames / most, frames / least,
          total / Double(batch)))
      for row in executable.profile {
        let each = row.seconds / Double(max(row.runs * batch, 1)) * 1e6
        print(
          String(
            format: "    %@ %.1f µs per frame, %.1f GFLOP/s, %.1f GB/s", row.op, each,
            row.flopRate * 1e-9, row.byteRate * 1e-9))
      }
    }
  }
}
