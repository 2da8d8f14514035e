/// How far a value of a network sees: output i depends on input pixels pitch · i − before … pitch · i
/// + after.
public struct Reach: Hashable, Sendable {
  /// Input pixels per value: 1/8 for a result that is 8 times finer.
  public var pitch: Double = 1
  public var before: Double = 0
  public var after: Double = 0

  mutating func slide(_ kernel: Kernel) {
    let start = Double(max(kernel.padding.top, kernel.padding.left))
    let end = Double(kernel.reach - min(kernel.padding.top, kernel.padding.left))
    before += pitch * start
    after += pitch * end
    pitch *= Double(kernel.stride)
  }

  mutating func spread(_ kernel: Kernel) {
    pitch /= Double(kernel.stride)
    before += pitch * Double(kernel.reach - min(kernel.padding.top, kernel.padding.left))
    after += pitch * Double(max(kernel.padding.top, kernel.padding.left))
  }

  mutating func refine(_ factor: Int, bilinear: Bool) {
    let coarse = pitch
    pitch /= Double(factor)
    before += bilinear ? coarse : coarse - pitch
    after += bilinear ? coarse : 0
  }
}

extension Network {
  /// The reach of every layer's value.
  var reaches: [Reach] {
    var result: [Reach] = []
    for node in nodes {
      var reach = node.inputs.map { $0.node.map { result[$0] } ?? Reach() }
        .reduce(Reach(pitch: 0)) {
          Reach(
            pitch: max($0.pitch, $1.pitch), before: max($0.before, $1.before),
            after: max($0.after, $1.after))
        }
      switch node.layer {
      case .convolution(let kernel, _, _), .maxPool(let kernel), .averagePool(let kernel):
        reach.slide(kernel)
      case .transposedConvolution(let kernel, _, _): reach.spread(kernel)
      case .upsample(let factor, let bilinear): reach.refine(factor, bilinear: bilinear)
      default: break
      }
      result.append(reach)
    }
    return result
  }

  /// The reach of the first output.
  public var reach: Reach { outputs.first?.value.node.map { reaches[$0] } ?? Reach() }

  /// Input pixels on one side that a result depends on at most.
  public var halo: Int { Int(max(reach.before, reach.after).rounded(.up)) }

  /// Side of the square of input pixels that one result depends on.
  public var receptiveField: Int { Int((reach.before + reach.after).rounded(.up)) + 1 }

  /// Frames' sides must be a multiple of this, and tiles begin at one; a frame that can only be taken
  /// as it is needs nothing added.
  public var alignment: Int {
    guard tileable else { return 1 }
    return reaches.map { max(1, Int($0.pitch.rounded())) }.reduce(1) { lcm($0, $1) }
  }

  /// The next length that is a multiple of the alignment.
  public func aligned(_ length: Int) -> Int { (length + alignment - 1) / alignment * alignment }

  /// How much finer the result is than the frame.
  public var magnification: Int { max(1, Int((1 / reach.pitch).rounded())) }

  /// How many frames before and after a frame its result depends on.
  public var temporalReach: Int {
    nodes.reduce(0) { sum, node in
      if case .window(let frames) = node.layer { sum + frames / 2 } else { sum }
    }
  }

  /// Whether every layer joins values of one time only, none from before a window with one after it.
  var keepsTime: Bool {
    var delays: [Int] = []
    for node in nodes {
      let given = node.inputs.map { $0.node.map { delays[$0] } ?? 0 }
      guard given.allSatisfy({ $0 == given[0] }) else { return false }
      if case .window(let frames) = node.layer {
        delays.append(given[0] + frames / 2)
      } else {
        delays.append(given[0])
      }
    }
    return outputs.allSatisfy { ($0.value.node.map { delays[$0] } ?? 0) == temporalReach }
  }

  /// Whether the network can take a frame apart into tiles: no layer looks at the whole of it.
  public var tileable: Bool {
    !nodes.contains { if case .dense = $0.layer { true } else { false } }
  }
}

private func lcm(_ a: Int, _ b: Int) -> Int {
  var (x, y) = (a, b)
  while y > 0 { (x, y) = (y, x % y) }
  return a / x * b
}
