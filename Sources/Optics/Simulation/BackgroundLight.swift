import Microscopy

/// Draws the photoelectrons of the background, one Poisson number for every pixel.
///
/// The range of the background is divided into levels with a table each. A pixel draws from the
/// table at or below its own mean and adds a Poisson number for the small remainder. This is exact,
/// and nearly as fast as a table lookup.
struct BackgroundLight: Sendable {
  private let tables: [PoissonTable]
  private let pixels: Int
  /// Table and remainder of each pixel; empty for a flat background.
  private let levels: [(table: UInt8, remainder: Float)]

  init(_ settings: SimulationSettings) {
    let efficiency = settings.camera.quantumEfficiency
    pixels = settings.width * settings.height
    guard case .gradient(let from, let to, _) = settings.background, from != to else {
      let mean = settings.background.level(
        x: 0, y: 0, width: settings.width, height: settings.height)
      tables = [PoissonTable(mean: mean * efficiency)]
      levels = []
      return
    }
    let lowest = min(from, to) * efficiency
    // With this many levels most remainders are far below one photoelectron and give 0 at once.
    let count = 128
    let step = abs(to - from) * efficiency / Double(count)
    tables = (0..<count).map { PoissonTable(mean: lowest + Double($0) * step) }
    levels = (0..<pixels).map { i in
      let mean =
        efficiency
        * settings.background.level(
          x: Double(i % settings.width), y: Double(i / settings.width), width: settings.width,
          height: settings.height)
      let level = min(max(Int((mean - lowest) / step), 0), count - 1)
      return (UInt8(level), Float(max(0, mean - lowest - Double(level) * step)))
    }
  }

  func draw(into electrons: UnsafeMutableBufferPointer<Int32>, _ random: inout RandomStream) {
    if levels.isEmpty {
      tables[0].withDraw { draw in
        for i in 0..<pixels { electrons[i] = draw(&random) }
      }
    } else {
      for i in 0..<pixels {
        let (table, remainder) = levels[i]
        electrons[i] =
          tables[Int(table)].withDraw { $0(&random) }
          + Int32(clamping: random.poisson(Double(remainder)))
      }
    }
  }
}
