import Foundation

/// Aligns beads: finds their common field, the place of each in it, and which beads to reject.
///
/// It alternates between registering beads to the field of the used ones and solving for the field.
/// It starts from the bead that explains the others best, so that a bad bead cannot dominate.
struct BeadAlignment {
  let side: Int
  /// z of the planes, nm, 0 in the middle.
  let heights: [Double]
  var beads: [Bead]
  private(set) var field: BeadField
  /// By bead; nil for those rejected earlier.
  private(set) var parts: [BeadField.Part?]
  private var results: [BeadRegistration.Result?]
  /// Background of each stack's planes, one list per bead.
  let backgrounds: [[Double]]
  private let zStep: Double
  /// Noise variance of each bead's pixels.
  private let noise: [Double]

  /// Which beads are in use.
  var used: [Int] { beads.indices.filter { parts[$0] != nil && beads[$0].fault == nil } }

  /// - Parameter crops: each bead's pixels minus its stack's background, nil for rejected ones.
  init(
    beads: [Bead], crops: [[Double]?], backgrounds: [[Double]], side: Int, heights: [Double],
    zStep: Double
  ) {
    self.beads = beads
    self.side = side
    self.heights = heights
    self.backgrounds = backgrounds
    self.zStep = zStep
    let size = side * side
    parts = zip(beads, crops).map { bead, crop in
      crop.map { pixels in
        let place = BeadField.Place(x: bead.x - bead.x.rounded(), y: bead.y - bead.y.rounded())
        // The light of the brightest plane; the first registration improves it.
        let light = (0..<heights.count).map { k in
          pixels[k * size..<(k + 1) * size].reduce(0, +)
        }
        return BeadField.Part(
          pixels: pixels, place: place, amplitude: max(light.max() ?? 1, 1e-9), offset: 0,
          planes: heights.map { _ in true })
      }
    }
    noise = crops.map { Self.noise(of: $0 ?? [], size: size, planes: heights.count) }
    results = beads.map { _ in nil }
    field = BeadField(
      side: side, zStep: zStep, lowest: heights.first!, highest: heights.last!)
  }

  /// Noise variance from second differences along z, in which a smooth PSF nearly cancels.
  private static func noise(of pixels: [Double], size: Int, planes: Int) -> Double {
    guard planes >= 3, !pixels.isEmpty else { return 0 }
    var sum = 0.0
    for i in size..<pixels.count - size {
      let difference = pixels[i - size] - 2 * pixels[i] + pixels[i + size]
      sum += difference * difference
    }
    return sum / 6 / Double(pixels.count - 2 * size)
  }

  mutating func align() {
    guard !used.isEmpty else { return }
    start()
    for round in 0..<4 {
      solve()
      register(coarse: false)
      judge(final: round == 3)
      settleOrigin()
    }
    solve()
    register(coarse: false)
  }

  /// Starts from the bead that fits the others best; up to five beads of median light are tried.
  private mutating func start() {
    let candidates = used.sorted { parts[$0]!.amplitude < parts[$1]!.amplitude }
    let middle = candidates.count / 2
    let seeds = candidates[max(0, middle - 2)..<min(candidates.count, middle + 3)]
    var best = (misfit: Double.infinity, field: field, results: results)
    for seed in seeds {
      var tried = self
      tried.field.coefficients = field.coefficients.map { _ in 0 }
      tried.field.solve([parts[seed]!], heights: heights, iterations: 15)
      tried.register(coarse: true, iterations: 5)
      let misfit = Statistics.median(tried.used.map { tried.misfit($0) })
      if misfit < best.misfit { best = (misfit, tried.field, tried.results) }
      if candidates.count == 1 { break }
    }
    field = best.field
    results = best.results
    for index in beads.indices { if let result = results[index] { parts[index] = result.part } }
    judge(final: false)
    settleOrigin()
  }

  private mutating func solve() {
    field.solve(used.map { parts[$0]! }, heights: heights)
  }

  private mutating func register(coarse: Bool, iterations: Int = 8) {
    for index in beads.indices {
      guard let part = parts[index] else { continue }
      let registration = BeadRegistration(
        field: field, heights: heights, background: backgrounds[index])
      let result = registration.fit(part, iterations: iterations, coarse: coarse)
      results[index] = result
      parts[index] = result.part
    }
  }

  /// Shifts heights and offsets of the used beads to mean 0; the field is solved for again later.
  private mutating func settleOrigin() {
    let height = Statistics.mean(used.map { parts[$0]!.place.z })
    let offset = Statistics.mean(used.map { parts[$0]!.offset })
    for index in beads.indices {
      parts[index]?.place.z -= height
      parts[index]?.offset -= offset
    }
  }

  /// Moves the field's origin to (x, y, z) of the present field, and solves for the field there.
  mutating func moveOrigin(to origin: BeadField.Place) {
    for index in beads.indices {
      parts[index]?.place.x += origin.x
      parts[index]?.place.y += origin.y
      parts[index]?.place.z += origin.z
    }
    let places = used.map { parts[$0]!.place.z }
    field = BeadField(
      side: side, zStep: zStep, lowest: heights.first! - (places.max() ?? 0),
      highest: heights.last! - (places.min() ?? 0))
    for index in beads.indices {
      guard let part = parts[index] else { continue }
      parts[index]!.planes = BeadRegistration(
        field: field, heights: heights, background: backgrounds[index]
      ).planes(at: part.place)
    }
    field.solve(used.map { parts[$0]! }, heights: heights, iterations: 40)
    register(coarse: false)
  }

  // MARK: verdicts

  /// Misfit beyond noise as a fraction of the signal, both rms.
  private func misfit(_ index: Int) -> Double {
    guard let result = results[index] else { return .infinity }
    let size = side * side
    var (miss, signal, count) = (0.0, 0.0, 0.0)
    for k in heights.indices where result.part.planes[k] {
      for i in k * size..<(k + 1) * size {
        let difference = result.part.pixels[i] - result.part.offset - result.model[i]
        miss += difference * difference
        signal += result.model[i] * result.model[i]
        count += 1
      }
    }
    guard signal > 0, count > 0, result.part.amplitude > 0 else { return .infinity }
    return (max(0, miss - noise[index] * count) / signal).squareRoot()
  }

  /// Rejects beads whose faults show only in comparison. At least half of the beads stay in use.
  private mutating func judge(final: Bool) {
    let all = beads.indices.filter { parts[$0] != nil }
    guard all.count > 1 else { return }
    for index in all {
      switch beads[index].fault {
      case .moved, .faded, .displaced, .offShape: beads[index].fault = nil
      default: break
      }
    }
    let misfits = all.map { misfit($0) }
    let limit = max(2.5 * Statistics.median(misfits), 0.1)
    let span = heights.last! - heights.first!
    let lights = all.map { parts[$0]!.amplitude }
    let heightsOfBeads = all.map { parts[$0]!.place.z }
    let middle = Statistics.median(heightsOfBeads)
    var faults: [(index: Int, misfit: Double, fault: BeadFault)] = []
    for (place, index) in all.enumerated() where beads[index].fault == nil {
      let change = change(of: index)
      beads[index].drift = change?.drift
      let away = heightsOfBeads[place] - middle
      let part = lights[place] / Statistics.median(lights)
      if abs(away) > span / 4 {
        faults.append((index, misfits[place], .displaced(z: away)))
      } else if misfits[place] > limit || !(lights[place] > 0) {
        // A change over the stack that explains its shape is a better description than the misfit.
        if let change, change.explained > 0.4, change.drift > 0.5 {
          faults.append((index, misfits[place], .moved(distance: change.drift)))
        } else if let change, change.explained > 0.4, change.light > 0.4 {
          faults.append((index, misfits[place], .faded(part: change.light)))
        } else {
          faults.append((index, misfits[place], .offShape(residual: misfits[place])))
        }
      } else if let change, change.explained > 0.4, change.drift > 1 {
        faults.append((index, misfits[place], .moved(distance: change.drift)))
      } else if part < 0.1 {
        faults.append((index, misfits[place], .dim(part: part)))
      }
    }
    let room = used.count - (all.count + 1) / 2
    for found in faults.sorted(by: { $0.misfit > $1.misfit }).prefix(max(0, room)) {
      beads[found.index].fault = found.fault
    }
  }

  /// How far a bead moved and by how much its light changed relative to the field, from eight parts
  /// of the stack, and which fraction of its misfit that explains.
  private func change(of index: Int) -> (drift: Double, light: Double, explained: Double)? {
    guard let result = results[index], heights.count >= 8 else { return nil }
    let size = side * side
    var (xs, ys, lights) = ([Double](), [Double](), [Double]())
    var (gain, all) = (0.0, 0.0)
    for block in 0..<8 {
      let planes = block * heights.count / 8..<(block + 1) * heights.count / 8
      guard planes.allSatisfy({ result.part.planes[$0] }) else { continue }
      let start = planes.lowerBound * size
      let equations = NormalEquations(order: 3, count: planes.count * size) { n, gradient in
        let i = start + n
        gradient[0] = result.slopeX[i]
        gradient[1] = result.slopeY[i]
        gradient[2] = result.model[i]
        let miss = result.part.pixels[i] - result.part.offset - result.model[i]
        all += miss * miss
        return (1, miss)
      }
      guard let step = equations.step() else { continue }
      gain += equations.gain(of: step)
      xs.append(step[0])
      ys.append(step[1])
      lights.append(1 + step[2])
    }
    guard xs.count >= 4 else { return nil }
    func span(_ values: [Double]) -> Double { values.max()! - values.min()! }
    return (
      hypot(span(xs), span(ys)), span(lights) / max(lights.max()!, 1e-9), gain / max(all, 1e-300)
    )
  }

  /// Copies the results of the last registration to each bead.
  mutating func describe() {
    let size = side * side
    let height = Statistics.mean(used.map { parts[$0]!.place.z })
    for index in beads.indices {
      // Rejected by its appearance and never registered.
      guard let result = results[index] else { continue }
      beads[index].x = beads[index].x.rounded() + result.part.place.x
      beads[index].y = beads[index].y.rounded() + result.part.place.y
      // A higher bead is in focus at a lower plane.
      beads[index].z = height - result.part.place.z
      beads[index].light = result.part.amplitude
      beads[index].residual = misfit(index)
      let kept = heights.indices.filter { result.part.planes[$0] }
        .flatMap { $0 * size..<($0 + 1) * size }
      let pixels = kept.map { result.part.pixels[$0] }
      beads[index].correlation = Statistics.correlation(kept.map { result.model[$0] }, pixels)
      let average = Statistics.mean(pixels)
      let variance = Statistics.mean(pixels.map { ($0 - average) * ($0 - average) })
      beads[index].ceiling =
        variance > 0 ? max(0, 1 - noise[index] / variance).squareRoot() : 0
    }
  }
}
