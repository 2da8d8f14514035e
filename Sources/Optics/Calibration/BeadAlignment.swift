import Foundation

/// Beads brought together: their common field, each one's place in it, and the verdict on each.
///
/// Beads are registered to the field of those in use, which is then solved for anew, in turn. It starts
/// from the one bead that explains the others best, so that a bad bead cannot lead.
struct BeadAlignment {
  let side: Int
  /// z of the planes, nm, 0 in the middle.
  let heights: [Double]
  var beads: [Bead]
  private(set) var field: BeadField
  /// By bead; nil for those that were refused before.
  private(set) var parts: [BeadField.Part?]
  private var results: [BeadRegistration.Result?]
  /// Background of each stack's planes, one list per bead.
  private let backgrounds: [[Double]]
  private let zStep: Double
  /// Variance of noise of each bead's pixels.
  private let noise: [Double]

  /// Which beads are in use.
  var used: [Int] { beads.indices.filter { parts[$0] != nil && beads[$0].fault == nil } }

  /// - Parameter crops: pixels of each bead above its stack's background, nil for refused ones.
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
        // Light of the brightest plane; the first registration knows better.
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

  /// Variance of noise from second differences along z, which a smooth PSF hardly has.
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

  /// The field of the bead from which the others differ least; up to five of median light are tried.
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

  /// Heights and offsets of the used beads have the mean 0; the next solution of the field follows.
  private mutating func settleOrigin() {
    let height = Statistics.mean(used.map { parts[$0]!.place.z })
    let offset = Statistics.mean(used.map { parts[$0]!.offset })
    for index in beads.indices {
      parts[index]?.place.z -= height
      parts[index]?.offset -= offset
    }
  }

  /// Shifts the origin of the field to (x, y, z) in its own place, and solves for it there.
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

  /// Misfit beyond noise as a part of the signal, both rms.
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

  /// Names the faults that only the others show. Half of the beads stay in use at least.
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
        // What it did explains its shape better than the number does.
        if let change, change.drift > 0.5 {
          faults.append((index, misfits[place], .moved(distance: change.drift)))
        } else if let change, change.light > 0.4 {
          faults.append((index, misfits[place], .faded(part: change.light)))
        } else {
          faults.append((index, misfits[place], .offShape(residual: misfits[place])))
        }
      } else if let change, change.drift > 1 {
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

  /// How far a bead moved and how much of its light came or went against the field, from eight parts of
  /// the stack.
  private func change(of index: Int) -> (drift: Double, light: Double)? {
    guard let result = results[index], heights.count >= 8 else { return nil }
    let size = side * side
    var (xs, ys, lights) = ([Double](), [Double](), [Double]())
    for block in 0..<8 {
      let planes = block * heights.count / 8..<(block + 1) * heights.count / 8
      guard planes.allSatisfy({ result.part.planes[$0] }) else { continue }
      let start = planes.lowerBound * size
      let equations = NormalEquations(order: 3, count: planes.count * size) { n, gradient in
        let i = start + n
        gradient[0] = result.slopeX[i]
        gradient[1] = result.slopeY[i]
        gradient[2] = result.model[i]
        return (1, result.part.pixels[i] - result.part.offset - result.model[i])
      }
      guard let step = equations.step() else { continue }
      xs.append(step[0])
      ys.append(step[1])
      lights.append(1 + step[2])
    }
    guard xs.count >= 4 else { return nil }
    func span(_ values: [Double]) -> Double { values.max()! - values.min()! }
    return (hypot(span(xs), span(ys)), span(lights) / max(lights.max()!, 1e-9))
  }

  /// Writes what the last registration says of each bead.
  mutating func describe() {
    let size = side * side
    let height = Statistics.mean(used.map { parts[$0]!.place.z })
    for index in beads.indices {
      // Refused by its looks alone and never registered: nothing to say.
      guard let result = results[index] else { continue }
      beads[index].x = beads[index].x.rounded() + result.part.place.x
      beads[index].y = beads[index].y.rounded() + result.part.place.y
      // A bead that lies higher is in focus at a lower plane.
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
