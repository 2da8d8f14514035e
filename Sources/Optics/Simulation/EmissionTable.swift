/// The light of one molecule in one frame.
struct Emission: Sendable {
  var frame: Int
  var molecule: Int
  var position: Point
  var photons: Double
  /// Height, nm.
  var z = 0.0
}

/// The emissions of a movie, grouped by frame.
struct EmissionTable: Sendable {
  private(set) var emissions: [Emission] = []
  /// Frame k has `emissions[starts[k]..<starts[k + 1]]`.
  private var starts: [Int]

  subscript(frame frame: Int) -> ArraySlice<Emission> {
    emissions[starts[frame]..<starts[frame + 1]]
  }

  init(_ settings: SimulationSettings, _ layout: Layout) {
    starts = Array(repeating: 0, count: settings.frames + 1)
    switch settings.blinking {
    case .always(let molecules):
      for molecule in 0..<molecules {
        var random = RandomStream(
          seed: settings.seed, purpose: StreamPurpose.molecule, index: molecule)
        let position = layout.position(molecule, &random)
        let photons = settings.photons.draw(&random)
        for frame in 0..<settings.frames {
          emissions.append(
            Emission(frame: frame, molecule: molecule, position: position, photons: photons))
        }
      }
    case .independent(let perFrame):
      for frame in 0..<settings.frames {
        var random = RandomStream(
          seed: settings.seed, purpose: StreamPurpose.molecule, index: frame)
        // If a grid has fewer molecules than points, different frames use different points.
        let first = Int(random.next(upperBound: UInt64(layout.sites)))
        for i in 0..<Int(perFrame + random.uniform()) {
          let position = layout.position(first + i, &random)
          emissions.append(
            Emission(
              frame: frame, molecule: emissions.count, position: position,
              photons: settings.photons.draw(&random)))
        }
      }
    case .switching(let molecules, let on, let off):
      for molecule in 0..<molecules {
        var random = RandomStream(
          seed: settings.seed, purpose: StreamPurpose.molecule, index: molecule)
        let position = layout.position(molecule, &random)
        var isOn = random.uniform() < on / (on + off)
        var time = 0.0
        while time < Double(settings.frames) {
          let end = time + random.exponential() * (isOn ? on : off)
          if isOn {
            let photons = settings.photons.draw(&random)
            let last = min(Double(settings.frames), end)
            append(molecule, position, photons, from: time, to: last)
          }
          time = end
          isOn.toggle()
        }
      }
    }
    if settings.hasDepth {
      for index in emissions.indices { emissions[index].z = settings.z(of: emissions[index]) }
    }
    groupByFrame()
  }

  /// Adds a blink from `start` to `end`, in frames; each frame gets photons in proportion to its
  /// part.
  private mutating func append(
    _ molecule: Int, _ position: Point, _ photons: Double, from start: Double, to end: Double
  ) {
    var frame = Int(start)
    while Double(frame) < end {
      let covered = min(end, Double(frame + 1)) - max(start, Double(frame))
      if let last = emissions.indices.last, emissions[last].molecule == molecule,
        emissions[last].frame == frame
      {
        emissions[last].photons += photons * covered
      } else if covered > 0 {
        emissions.append(
          Emission(
            frame: frame, molecule: molecule, position: position, photons: photons * covered))
      }
      frame += 1
    }
  }

  /// Counting sort; within a frame the order of molecules is kept.
  private mutating func groupByFrame() {
    for emission in emissions { starts[emission.frame + 1] += 1 }
    for frame in 1..<starts.count { starts[frame] += starts[frame - 1] }
    var next = starts
    var order = Array(repeating: 0, count: emissions.count)
    for (index, emission) in emissions.enumerated() {
      order[next[emission.frame]] = index
      next[emission.frame] += 1
    }
    emissions = order.map { emissions[$0] }
  }
}

extension SimulationSettings {
  /// A molecule keeps its height; in a stack all have the same. Heights have their own random
  /// stream, so that x and y are the same as in a movie without depth.
  fileprivate func z(of emission: Emission) -> Double {
    var random = RandomStream(seed: seed, purpose: StreamPurpose.depth, index: emission.molecule)
    let own = zRange.map { $0.lowerBound + ($0.upperBound - $0.lowerBound) * random.uniform() }
    let plane = zStack.map { $0.first + Double(emission.frame) * $0.step }
    return (own ?? 0) + (plane ?? 0)
  }
}
