/// The part of the network's input that a result depends on: its pixel i depends on the input's
/// pixels pitch · i − before … pitch · i + after, on this many frames before and after its own, or
/// on the whole of its frame.
struct Reach: Hashable, Sendable {
  /// Pixels along one axis.
  struct Span: Hashable, Sendable {
    var before: Double = 0
    var after: Double = 0

    /// Extended by pixels of a given pitch.
    func reaching(_ before: Double, _ after: Double, pitch: Double) -> Span {
      Span(before: self.before + pitch * before, after: self.after + pitch * after)
    }

    func union(_ other: Span) -> Span {
      Span(before: max(before, other.before), after: max(after, other.after))
    }
  }

  /// Input pixels per pixel of the result: 1/8 for a result that is 8 times finer.
  var pitch: Double = 1
  var rows = Span()
  var columns = Span()
  /// Frames before and after.
  var frames = 0
  /// Whether every pixel depends on the whole frame.
  var isWhole = false

  var ofWholeFrame: Reach {
    var reach = self
    reach.isWhole = true
    return reach
  }

  /// For a window that slides over the image.
  func sliding(_ kernel: Kernel) -> Reach {
    let (top, left) = (kernel.padding.top, kernel.padding.left)
    var reach = self
    reach.rows = rows.reaching(Double(top), Double(kernel.rowReach - top), pitch: pitch)
    reach.columns = columns.reaching(Double(left), Double(kernel.columnReach - left), pitch: pitch)
    reach.pitch *= Double(kernel.stride)
    return reach
  }

  /// For a kernel that each pixel adds to the result.
  func spreading(_ kernel: Kernel) -> Reach {
    let (top, left) = (kernel.padding.top, kernel.padding.left)
    var reach = self
    reach.pitch /= Double(kernel.stride)
    reach.rows = rows.reaching(Double(kernel.rowReach - top), Double(top), pitch: reach.pitch)
    reach.columns = columns.reaching(
      Double(kernel.columnReach - left), Double(left), pitch: reach.pitch)
    return reach
  }

  /// For an image enlarged by a factor.
  func refined(_ factor: Int, isBilinear: Bool) -> Reach {
    var reach = self
    reach.pitch /= Double(factor)
    let (before, after) =
      isBilinear ? Self.interpolation(factor) : (Double(factor - 1) / Double(factor), 0)
    reach.rows = rows.reaching(before, after, pitch: pitch)
    reach.columns = columns.reaching(before, after, pitch: pitch)
    return reach
  }

  /// The reach of an interpolated pixel in large pixels: pixel r of a large one is (r + ½) / factor
  /// − ½ behind that one's centre, so that a few use the previous one. In the other direction it is
  /// at most one.
  private static func interpolation(_ factor: Int) -> (before: Double, after: Double) {
    factor > 1 ? (1 + Double(factor / 2 - 1) / Double(factor), 1) : (0, 0)
  }

  /// For a layer with several inputs.
  static func union(_ parts: [Reach]) -> Reach {
    parts.dropFirst().reduce(into: parts.first ?? Reach()) { all, part in
      all.pitch = max(all.pitch, part.pitch)
      all.rows = all.rows.union(part.rows)
      all.columns = all.columns.union(part.columns)
      all.frames = max(all.frames, part.frames)
      all.isWhole = all.isWhole || part.isWhole
    }
  }
}

extension Network {
  /// The reach of every layer's result.
  var reaches: [Reach] {
    walk(Reach()) { node, given in node.layer.reach(.union(given)) }
  }

  /// The reach of all outputs together.
  var reach: Reach {
    let reaches = reaches
    return .union(outputs.map { $0.value.node.map { reaches[$0] } ?? Reach() })
  }

  /// The largest number of input pixels on one side that a result depends on.
  package var halo: Int {
    let reach = reach
    return Int(reach.rows.union(reach.columns).farthest.rounded(.up))
  }

  /// Side of the square of input pixels that one result depends on, not counting dependence on the
  /// whole frame.
  package var receptiveField: Int {
    let reach = reach
    return Int(max(reach.rows.length, reach.columns.length).rounded(.up)) + 1
  }

  /// Sides of frames, and starts of tiles, must be a multiple of this. 1 for networks that always
  /// take the whole frame.
  package var alignment: Int {
    guard tileable else { return 1 }
    return reaches.map { max(1, Int($0.pitch.rounded())) }.reduce(1) { lcm($0, $1) }
  }

  /// The smallest multiple of the alignment that is at least `length`.
  package func aligned(_ length: Int) -> Int { (length + alignment - 1) / alignment * alignment }

  /// How many times finer the result is than the frame.
  package var magnification: Int { max(1, Int((1 / reach.pitch).rounded())) }

  /// Why an image that results from a frame of this size does not belong to it pixel by pixel; nil
  /// if all do. Tiles need that every image has `magnification` times the rows and columns of its
  /// frame. A layer that shrinks the image, such as a window without padding, breaks this rule.
  func misfit(height: Int, width: Int) -> String? {
    let sizes = sizes(height: height, width: width)
    let wanted = ImageSize(height * magnification, width * magnification)
    for (name, value) in outputs {
      let size = value.node.map { sizes[$0] } ?? ImageSize(height, width)
      if let size, size != wanted {
        return "its result `\(name)` has \(size.height)×\(size.width) pixels for "
          + "\(height)×\(width), where \(wanted.height)×\(wanted.width) are needed; its layers "
          + "must be padded so that they keep the size of the image, or enlarge it by a whole factor"
      }
    }
    return nil
  }

  /// How many frames before and after a frame its result depends on.
  package var temporalReach: Int { reaches.reduce(0) { max($0, $1.frames) } }

  /// Whether no layer combines values from before and after a temporal window.
  var keepsTime: Bool {
    let reaches = reaches
    func frames(_ value: Value) -> Int { value.node.map { reaches[$0].frames } ?? 0 }
    let last = temporalReach
    return nodes.allSatisfy { node in Set(node.inputs.map(frames)).count == 1 }
      && outputs.allSatisfy { frames($0.value) == last }
  }

  /// Whether frames can be split into tiles: no layer uses the whole frame.
  package var tileable: Bool { !reaches.contains { $0.isWhole } }
}

extension Reach.Span {
  fileprivate var farthest: Double { max(before, after) }
  fileprivate var length: Double { before + after }
}

private func lcm(_ a: Int, _ b: Int) -> Int {
  var (x, y) = (a, b)
  while y > 0 { (x, y) = (y, x % y) }
  return a / x * b
}
