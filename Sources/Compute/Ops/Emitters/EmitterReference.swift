import Foundation

/// The definition of `FitEmitters`, in Double: the molecules of a block that minimise F.
///
/// F is the sum over pixels of mean − data + data ln(data / mean), plus the cost of each molecule's
/// brightness. Molecules are added one by one, where a new one would bring most; after each, all
/// parameters of the block are optimised together. This finds the minimum if molecules can be told
/// apart by their maxima; the kernel's splits and merges are for those that cannot.
struct EmitterReference {
  let model: EmitterModel
  let image: EmitterImage
  let width: Int
  let height: Int
  let data: [Double]
  let variance: [Double]
  let nodes: (x: Int, y: Int)

  typealias Molecule = EmitterImage.Molecule

  /// The background's nodes and the molecules.
  struct State {
    var nodes: [Double]
    var molecules: [Molecule] = []
  }

  private static let leastMean = 1e-3

  init(_ model: EmitterModel, _ image: EmitterImage, counts: [[Double]], noise: [[Double]]) {
    self.model = model
    self.image = image
    (height, width) = (counts.count, counts[0].count)
    let scale = 1 / Double(model.noiseScale)
    variance = noise.flatMap { $0 }.map { $0 * scale }
    data = zip(counts.flatMap { $0 }, variance).map { max($0 * scale + $1, Self.leastMean) }
    func count(_ length: Int) -> Int { min(max((length + 12) / 24, 1), 4) }
    nodes = (count(width), count(height))
  }

  /// The share of node k of `count` at a place on an axis of `length` pixels.
  private func share(_ k: Int, _ count: Int, _ place: Double, _ length: Int) -> Double {
    let spacing = Double(length) / Double(count)
    let t = min(max((place + 0.5) / spacing - 0.5, 0), Double(count - 1))
    return max(1 - abs(t - Double(k)), 0)
  }

  private func background(_ state: State, _ x: Double, _ y: Double) -> Double {
    (0..<nodes.x * nodes.y).reduce(0) {
      $0 + state.nodes[$1] * share($1 % nodes.x, nodes.x, x, width)
        * share($1 / nodes.x, nodes.y, y, height)
    }
  }

  /// The derivatives of a molecule's image by x, y, photons and z; each is an image.
  private func slopes(_ m: Molecule) -> [[Double]] {
    let shares = image.shares(m, width: width, height: height)
    let all = [
      shares.map { m.photons * $0.byX }, shares.map { m.photons * $0.byY }, shares.map(\.value),
      shares.map { m.photons * $0.byZ },
    ]
    return Array(all.prefix(model.parameters))
  }

  /// The share of light of a molecule on each pixel.
  private func shape(_ m: Molecule) -> [Double] {
    image.shares(m, width: width, height: height).map(\.value)
  }

  /// The share of every pixel in each background node.
  private var nodeShapes: [[Double]] {
    (0..<nodes.x * nodes.y).map { node in
      data.indices.map { k in
        let along = share(node % nodes.x, nodes.x, Double(k % width), width)
        return along * share(node / nodes.x, nodes.y, Double(k / width), height)
      }
    }
  }

  func mean(_ state: State) -> [Double] {
    var mean = (0..<data.count).map { k in
      variance[k] + background(state, Double(k % width), Double(k / width))
    }
    for molecule in state.molecules {
      for (k, share) in shape(molecule).enumerated() { mean[k] += molecule.photons * share }
    }
    return mean.map { max($0, Self.leastMean) }
  }

  func cost(_ state: State) -> Double {
    let light = zip(data, mean(state)).reduce(0) { $0 + $1.1 - $1.0 + $1.0 * log($1.0 / $1.1) }
    return state.molecules.reduce(light) { $0 + brightnessCost($1.photons) }
  }

  private func brightnessCost(_ photons: Double) -> Double {
    guard let prior = model.brightness else { return 0 }
    let ratio = log(photons / Double(prior.photons)) / Double(prior.spread)
    return ratio * ratio / 2
  }

  /// Gradient of −F and expected information, of the nodes first and then of each molecule.
  private func sums(
    _ state: State, nodes free: Bool, molecules: Range<Int>, prior: EmitterModel.Brightness?
  ) -> (gradient: [Double], information: [[Double]]) {
    let mean = mean(state)
    let slopes = (free ? nodeShapes : []) + molecules.flatMap { self.slopes(state.molecules[$0]) }
    let count = slopes.count
    var gradient = [Double](repeating: 0, count: count)
    var information = Array(repeating: gradient, count: count)
    for i in 0..<count {
      for k in data.indices { gradient[i] += slopes[i][k] * (data[k] - mean[k]) / mean[k] }
      for j in 0...i {
        var sum = 0.0
        for k in data.indices { sum += slopes[i][k] * slopes[j][k] / mean[k] }
        (information[i][j], information[j][i]) = (sum, sum)
      }
    }
    if let prior {
      let spread = Double(prior.spread)
      for (place, k) in molecules.enumerated() {
        let i = count - (molecules.count - place) * model.parameters + 2
        let photons = state.molecules[k].photons
        gradient[i] -= log(photons / Double(prior.photons)) / (spread * spread * photons)
        information[i][i] += 1 / (spread * spread * photons * photons)
      }
    }
    return (gradient, information)
  }

  /// The minimum of F near a state, by damped scoring.
  func optimum(from start: State) -> State {
    var (state, damping) = (start, 1e-3)
    var value = cost(state)
    for _ in 0..<200 {
      let (gradient, information) = sums(
        state, nodes: true, molecules: state.molecules.indices, prior: model.brightness)
      var matrix = information
      for i in gradient.indices { matrix[i][i] *= 1 + damping }
      guard let inverse = SpotReference.inverse(matrix) else { return state }
      let step = inverse.map { zip($0, gradient).reduce(0) { $0 + $1.0 * $1.1 } }
      var trial = state
      for i in trial.nodes.indices { trial.nodes[i] = max(trial.nodes[i] + step[i], 0) }
      for k in trial.molecules.indices {
        let at = trial.nodes.count + k * model.parameters
        trial.molecules[k].x += min(max(step[at], -0.7), 0.7)
        trial.molecules[k].y += min(max(step[at + 1], -0.7), 0.7)
        trial.molecules[k].photons = max(
          trial.molecules[k].photons + step[at + 2], 0.2 * trial.molecules[k].photons, 1)
        if let range = model.axial {
          let z = trial.molecules[k].z + min(max(step[at + 3], -120), 120)
          trial.molecules[k].z = min(max(z, Double(range.lowestZ)), Double(range.highestZ))
        }
      }
      let next = cost(trial)
      if next <= value {
        let gain = value - next
        (state, value, damping) = (trial, next, damping / 5)
        if gain < 1e-10 { return state }
      } else {
        damping *= 8
        if damping > 1e8 { return state }
      }
    }
    return state
  }

  /// The molecule that would bring most, with everything else fixed, on a grid of pixels and
  /// heights; and twice the fall of F.
  private func addition(to state: State) -> (molecule: Molecule, score: Double)? {
    let mean = mean(state)
    var heights = [0.0]
    if let range = model.axial {
      let step = Double(range.highestZ - range.lowestZ) / 9
      heights = (0..<9).map { Double(range.lowestZ) + (Double($0) + 0.5) * step }
    }
    let weights = mean.map { 1 / $0 }
    let pulls = zip(data, mean).map { ($0 - $1) / $1 }
    var best: (molecule: Molecule, score: Double)?
    for z in heights {
      // The image of a molecule on the middle pixel, so wide that every place of it can be cut out.
      let side = 2 * width - 1
      let centred = Molecule(x: Double(width - 1), y: Double(height - 1), photons: 1, z: z)
      let template = image.shares(centred, width: side, height: 2 * height - 1).map(\.value)
      for k in data.indices {
        let (left, top) = (width - 1 - k % width, height - 1 - k / width)
        var (pull, weight) = (0.0, 0.0)
        for other in data.indices {
          let share = template[(top + other / width) * side + left + other % width]
          pull += share * pulls[other]
          weight += share * share * weights[other]
        }
        let score = pull > 0 ? pull * pull / weight : 0
        guard score > best?.score ?? 0 else { continue }
        best = (
          Molecule(x: Double(k % width), y: Double(k / width), photons: pull / weight, z: z), score
        )
      }
    }
    return best
  }

  func solution() -> State {
    let sorted = zip(data, variance).map { $0 - $1 }.sorted()
    let level = max(sorted[sorted.count * 3 / 10], 0.01)
    var state = optimum(
      from: State(nodes: Array(repeating: level, count: nodes.x * nodes.y)))
    while let (molecule, score) = addition(to: state), score > Double(model.candidate) {
      var longer = state
      longer.molecules.append(molecule)
      longer = optimum(from: longer)
      guard cost(longer) + Double(EmitterSearch.addition(model)) < cost(state) else { break }
      state = longer
    }
    state.molecules.removeAll { $0.photons < Double(model.leastPhotons) }
    state.molecules.sort {
      let (a, b) = (($0.y + 0.5).rounded(.down), ($1.y + 0.5).rounded(.down))
      return a < b || a == b && $0.x < $1.x
    }
    return state
  }

  /// Molecule k and its up to eight nearest neighbours within reach.
  private func group(_ k: Int, in state: State) -> [Int] {
    let own = state.molecules[k]
    func far(_ other: Int) -> Double {
      hypot(state.molecules[other].x - own.x, state.molecules[other].y - own.y)
    }
    let near = state.molecules.indices.filter {
      $0 != k && far($0) <= Double(EmitterSearch.reach(model))
    }
    return [k] + near.sorted { far($0) < far($1) }.prefix(8)
  }

  /// Variances of a molecule's parameters in the joint fit of its group, the likelihood ratio, the
  /// reduced χ² of its window, and the number of neighbours.
  func worth(_ k: Int, in state: State) -> (variances: [Double], worth: [Double]) {
    let group = group(k, in: state)
    var arranged = state
    arranged.molecules =
      group.map { state.molecules[$0] }
      + state.molecules.indices.filter { !group.contains($0) }.map { state.molecules[$0] }
    let information = sums(
      arranged, nodes: false, molecules: group.indices, prior: model.brightness
    ).information
    let inverse = SpotReference.inverse(information)
    var variances = (0..<4).map { i in
      i < model.parameters ? inverse?[i][i] ?? .nan : 0
    }
    let scale = Double(model.noiseScale)
    variances[2] *= scale * scale
    let mean = mean(state)
    var without = state
    without.molecules.remove(at: k)
    let dark = zip(data, self.mean(without)).reduce(0) {
      $0 + $1.1 - $1.0 + $1.0 * log($1.0 / $1.1)
    }
    let lit = zip(data, mean).reduce(0) { $0 + $1.1 - $1.0 + $1.0 * log($1.0 / $1.1) }
    let (own, reach) = (state.molecules[k], model.reach(at: state.molecules[k].z))
    func window(_ at: Double, _ reach: Int, _ length: Int) -> ClosedRange<Int> {
      let centre = Int((at + 0.5).rounded(.down))
      return max(centre - reach, 0)...min(centre + reach, length - 1)
    }
    let (columns, lines) = (
      window(own.x, reach.x, width), window(own.y, reach.y, height)
    )
    let residuals = lines.flatMap { y in
      columns.map { x in
        let k = y * width + x
        return (data[k] - mean[k]) * (data[k] - mean[k]) / mean[k]
      }
    }
    return (
      variances,
      [2 * (dark - lit), residuals.reduce(0, +) / Double(residuals.count), Double(group.count - 1)]
    )
  }
}

extension EmitterReference {
  /// The outputs of the op.
  static func rows(
    _ model: EmitterModel, _ image: EmitterImage, counts: Reference, noise: Reference?, room: Int,
    blocks: EmitterBlocks
  ) -> [Reference] {
    let frames = counts.type.shape[0]
    let total = frames * blocks.count
    let shapes = [2, 2, 1, 4, 3]
    var tables = shapes.map { [Double](repeating: .nan, count: total * room * $0) }
    var found = [Double](repeating: 0, count: total)
    for number in 0..<total {
      let block = blocks.block(number % blocks.count)
      func part(_ values: [Double], from start: Int) -> [[Double]] {
        block.y.map { y in block.x.map { values[start + y * blocks.width + $0] } }
      }
      let frame = number / blocks.count * blocks.width * blocks.height
      let reference = EmitterReference(
        model, image, counts: part(counts.values, from: frame),
        noise: noise.map { part($0.values, from: 0) }
          ?? block.y.map { _ in block.x.map { _ in Double(model.noise) } })
      let state = reference.solution()
      let scale = Double(model.noiseScale)
      var row = 0
      for (k, molecule) in state.molecules.enumerated() {
        let x = molecule.x + Double(block.x.lowerBound)
        let y = molecule.y + Double(block.y.lowerBound)
        guard block.coreX.contains(Int((x + 0.5).rounded(.down))),
          block.coreY.contains(Int((y + 0.5).rounded(.down)))
        else { continue }
        if row < room {
          let worth = reference.worth(k, in: state)
          let light = [
            molecule.photons * scale,
            reference.background(state, molecule.x, molecule.y) * scale,
          ]
          let values = [[x, y], light, [molecule.z], worth.variances, worth.worth]
          for (table, columns) in values.enumerated() {
            let at = (number * room + row) * shapes[table]
            tables[table].replaceSubrange(at..<at + shapes[table], with: columns)
          }
        }
        row += 1
      }
      found[number] = Double(row)
    }
    return zip(shapes, tables).map { Reference(TensorType(.float32, total, room, $0), $1) }
      + [Reference(TensorType(.int32, total), found)]
  }
}
