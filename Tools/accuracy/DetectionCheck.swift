import Compute
import Foundation
import Localization
import Microscopy
import Optics

/// How many spots each detector finds where there are none, and how many molecules it finds beside
/// a hot pixel or a bright bead, at its default threshold.
struct DetectionCheck {
  /// What is in every frame, far brighter than a molecule.
  enum Light: String, CaseIterable {
    case none
    case hotPixel = "hot pixel"
    case bead
  }

  enum Noise: String, CaseIterable {
    case photons
    case read = "1.5 e⁻"
    case maps = "sCMOS maps"
    case emccd = "EMCCD"

    var camera: Camera {
      switch self {
      case .photons: Camera(offset: 100, gain: 2)
      case .read, .maps: Camera(offset: 100, gain: 2, readNoise: 1.5)
      case .emccd: Camera(offset: 200, gain: 20.0 / 300, emGain: 300, readNoise: 74.4)
      }
    }
  }

  let device: any Device
  let frames: Int
  let seed: UInt64
  /// Side of the frames, and where the light is, px.
  private let side = 256
  private let place = 128
  private let molecules = 60

  func run() throws {
    print(
      """
      | detector | noise | background | false per frame | with a hot pixel | with a bead \
      | molecules found of \(molecules) | with a hot pixel | with a bead |
      |:--|:--|--:|--:|--:|--:|--:|--:|--:|
      """)
    for noise in Noise.allCases {
      for background in [0.1, 0.3, 1, 2, 5, 10, 50, 100, 500] {
        let empty = try movie(noise, background, molecules: 0)
        let full = try movie(noise, background, molecules: molecules)
        for kind in Detector.Kind.allCases {
          var cells: [String] = []
          for light in Light.allCases {
            let found = try places(kind, noise, in: pixels(empty, light), empty.maps)
            cells.append(
              String(format: "%.2f", Double(found.count { !$0.isNear(place) }) / Double(frames)))
          }
          for light in Light.allCases {
            let found = try places(kind, noise, in: pixels(full, light), full.maps)
            cells.append(
              String(format: "%.1f", Double(seen(full.truth, found)) / Double(frames)))
          }
          print(
            "| \(kind.rawValue) | \(noise.rawValue) | \(String(format: "%g", background)) | "
              + cells.joined(separator: " | ") + " |")
        }
      }
    }
  }

  /// Molecules of 1000 photons, 100 more for each photon of the background's noise.
  private func movie(_ noise: Noise, _ background: Double, molecules: Int) throws -> Simulation {
    try Simulation(
      SimulationSettings(
        width: side, height: side, frames: frames, psf: GaussianPSF(sigma: 1.3),
        scene: .grid(spacing: 3000, jitter: 50), blinking: .always(molecules: molecules),
        photons: .fixed(photons: 1000 + 100 * background.squareRoot()),
        background: .flat(level: background), camera: noise.camera,
        sensor: noise == .maps ? SensorVariation() : nil, seed: seed))
  }

  /// The frames, with the light added to each.
  private func pixels(_ movie: Simulation, _ light: Light) -> [UInt16] {
    var pixels = [UInt16](repeating: 0, count: frames * side * side)
    pixels.withUnsafeMutableBytes { movie.read(0..<frames, into: $0) }
    guard light != .none else { return pixels }
    let bead = GaussianPSF(sigma: 1.3)
    for frame in 0..<frames {
      for v in place - 8...place + 8 {
        for u in place - 8...place + 8 {
          let share =
            light == .bead
            ? bead.share(column: u, row: v, x: Double(place), y: Double(place))
            : u == place && v == place ? 1 : 0
          let at = (frame * side + v) * side + u
          pixels[at] = UInt16(min(Double(pixels[at]) + 200_000 * share, 65535))
        }
      }
    }
    return pixels
  }

  private struct Place {
    var frame: Int
    var x: Int
    var y: Int

    func isNear(_ place: Int) -> Bool { max(abs(x - place), abs(y - place)) <= 12 }
  }

  private func places(
    _ kind: Detector.Kind, _ noise: Noise, in pixels: [UInt16], _ maps: CameraMaps?
  ) throws -> [Place] {
    var settings = LocalizationSettings()
    settings.detection.detector = Detector(kind)
    var psf: CalibratedPSF?
    if kind == .psf {
      psf = .astigmatic(.typical)
      settings.fit.spot = .psf(PSFFile("astigmatic"))
    }
    let stage = try FitStage(
      settings, camera: noise.camera, maps: maps, psf: psf, width: side, height: side,
      pixel: .uint16)
    var capacity = 4096
    while true {
      let graph = try stage.detectionGraph(
        BatchShape(leading: 0, frames: frames, trailing: 0), capacity: capacity)
      let executable = try device.compile(Plan(graph, for: device.info))
      try executable.write("frames", pixels)
      try executable.run()
      let total = Int(try executable.read("total").values[0])
      if total > capacity {
        capacity = total
        continue
      }
      let peaks = try executable.read("peaks").values
      return (0..<total).map {
        Place(frame: Int(peaks[3 * $0]), x: Int(peaks[3 * $0 + 2]), y: Int(peaks[3 * $0 + 1]))
      }
    }
  }

  /// The number of molecules within 2 px of a spot.
  private func seen(_ truth: Localizations, _ found: [Place]) -> Int {
    let spots = Dictionary(grouping: found, by: \.frame)
    guard let x = truth[.x], let y = truth[.y] else { return 0 }
    return truth.frame.indices.count { row in
      (spots[truth.frame[row]] ?? []).contains {
        hypot(Double($0.x) - x[row], Double($0.y) - y[row]) <= 2
      }
    }
  }
}
