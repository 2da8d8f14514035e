import CPUKernels
import Foundation

/// Fits all molecules of each frame together, also where they overlap.
///
/// Molecules are added, split, merged and removed as long as a penalised Poisson likelihood rises;
/// each change is judged by a joint fit of a few molecules with everything else fixed. The bound of
/// a molecule is that of the joint fit with its neighbours. A frame is cut into blocks with a
/// margin; `Kernels/README.md` describes the search.
///
/// Inputs: counts float32 [frames, height, width] whose variance is their mean, and optionally the
/// variance of Gaussian noise float32 [height, width]. Outputs, with one line for each block and
/// `room` rows in it: place [blocks, room, 2] (x, y in px of the frame), light [blocks, room, 2]
/// (photons, background per pixel), height [blocks, room, 1] (z, nm), bound [blocks, room, 4]
/// (variances of x, y, photons, z), worth [blocks, room, 3] (likelihood ratio of the molecule with
/// all others fixed, reduced χ² of its surroundings, neighbours in the joint fit), and found int32
/// [blocks]. It may exceed the room: then the caller makes a plan with more. Rows are in the order
/// of pixels.
///
/// Huang et al. (Biomed. Opt. Express 2011) and Babcock, Sigal & Zhuang (Optical Nanoscopy 2012)
/// add molecules; Boyd, Schiebinger & Recht (SIAM J. Optim. 2017) alternate that with joint fits.
package struct FitEmitters: NotDifferentiable {
  package static let name = "fit emitters"
  package let model: EmitterModel
  /// Rows of a block.
  package let room: Int
  /// How frames are cut; nil if they are whole.
  private let cut: EmitterBlocks?

  package init(_ model: EmitterModel, room: Int, blocks: EmitterBlocks? = nil) {
    self.model = model
    self.room = room
    cut = blocks
  }

  package var parameters: String { "\(model.label), room for \(room)" }

  private func blocks(_ frames: TensorType) -> EmitterBlocks {
    cut ?? EmitterBlocks(width: frames.shape[2], height: frames.shape[1])
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard (1...2).contains(inputs.count), inputs[0].element == .float32, inputs[0].shape.count == 3,
      !inputs[0].shape.contains(0),
      inputs.count == 1 || inputs[1] == TensorType(.float32, Array(inputs[0].shape[1...]))
    else {
      throw ShapeError(
        Self.name, "takes frames and optionally a noise variance per pixel, not \(inputs)")
    }
    guard room > 0 else { throw ShapeError(Self.name, "room for \(room) rows must be positive") }
    guard cut.map({ $0.width == inputs[0].shape[2] && $0.height == inputs[0].shape[1] }) ?? true
    else { throw ShapeError(Self.name, "its blocks are those of other frames than \(inputs[0])") }
    let blocks = blocks(inputs[0]).count * inputs[0].shape[0]
    return [
      TensorType(.float32, blocks, room, 2), TensorType(.float32, blocks, room, 2),
      TensorType(.float32, blocks, room, 1), TensorType(.float32, blocks, room, 4),
      TensorType(.float32, blocks, room, 3), TensorType(.int32, blocks),
    ]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    EmitterReference.rows(
      model, counts: inputs[0], noise: inputs.count > 1 ? inputs[1] : nil, room: room,
      blocks: blocks(inputs[0].type))
  }

  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let rows = outputs[5].values.flatMap { found in (0..<room).map { $0 < Int(found) } }
    return [2, 2, 1, 4, 3].map { width in
      rows.flatMap { Array(repeating: $0, count: width) }
    } + [nil]
  }

  private func kernelParameters(_ site: Site) -> glint_crowd_params {
    let blocks = blocks(site.inputs[0])
    var p = glint_crowd_params()
    p.width = Int32(blocks.width)
    p.height = Int32(blocks.height)
    p.blocks_x = Int32(blocks.columns)
    p.blocks_y = Int32(blocks.lines)
    p.core = Int32(blocks.core)
    p.margin = Int32(EmitterBlocks.margin)
    p.first_x = Int32(blocks.first.x)
    p.first_y = Int32(blocks.first.y)
    p.side = Int32(blocks.side)
    p.stride = Int32((blocks.side + 15) / 16 * 16 + 16)
    p.capacity = Int32(room + EmitterBlocks.spare)
    p.rows = Int32(room)
    p.has_noise_map = site.inputs.count > 1 ? 1 : 0
    p.noise_variance = model.noise
    p.noise_scale = model.noiseScale
    p.sigma_x = model.sigmaX
    p.sigma_y = model.sigmaY
    p.window = model.window
    p.widest = Int32(model.widestWindow)
    p.close = 2 * min(model.sigmaX, model.sigmaY)
    if let astigmatism = model.astigmatism {
      p.axial = 1
      p.width_x = astigmatism.x.kernelCurve
      p.width_y = astigmatism.y.kernelCurve
      p.lowest_z = astigmatism.lowestZ
      p.highest_z = astigmatism.highestZ
      if model.widthIsFree {
        p.planes = 3
      } else {
        p.planes = 9
        // Two molecules that stand for a defocused one lie as far apart as it is wide.
        p.close = 5
      }
    }
    p.candidate = model.candidate
    p.addition = EmitterSearch.addition(model)
    p.price = EmitterSearch.price(model)
    p.split = 4
    p.reach = EmitterSearch.reach
    p.apart = 1.5
    p.least = model.leastPhotons
    p.rounds = 12
    p.moves = 3
    p.brightness = model.brightness?.photons ?? 0
    p.spread = model.brightness?.spread ?? 0
    return p
  }

  private func operands(_ site: Site, _ space: glint_maybe_out) -> glint_crowd_operands {
    glint_crowd_operands(
      counts: .input(0), noise: site.inputs.count > 1 ? .input(1) : .none, place: .output(0),
      light: .output(1), height: .output(2), bound: .output(3), worth: .output(4),
      found: .output(5), space: space)
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("block") { site in
      let p = kernelParameters(site)
      return CPULaunch(
        glint_cpu_crowd, p, operands(site, .none), items: .fixed(site.outputs[5].count),
        scratch: Int(GLINT_CROWD_WORK_BYTES) + 4 * Int(glint_crowd_space(p)))
    }
  }

  private func launches(_ site: Site, items: Int) -> Lowering<OpenCLLaunch> {
    let p = kernelParameters(site)
    let blocks = site.outputs[5].count
    return .launches(
      [
        OpenCLLaunch(
          glint_opencl_crowd, defines: ["ITEMS": "\(items)"], p, operands(site, .workspace(0)),
          items: blocks, global: [items * blocks], local: [items])
      ], workspace: [TensorType(.float32, blocks, Int(glint_crowd_space(p)))])
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("group") { site in
        site.device.kind == .openCLGPU
          ? launches(site, items: 16)
          : .declined("drivers for CPUs take minutes to compile barriers in nested loops")
      },
      Candidate("item") { launches($0, items: 1) },
    ]
  }
}

extension FitEmitters {
  /// Frames of molecules that can be told apart by their maxima, for which the reference finds the
  /// minimum too.
  package static var samples: [Sample] {
    let curve = { (centre: Float) in
      Astigmatism.Curve(centre: centre, scale: 290, rooted: true, [1.96, 0, 1.96])
    }
    let astigmatic = Astigmatism(x: curve(-205), y: curve(205), lowestZ: -450, highestZ: 450)
    let round = EmitterModel(sigmaX: 1.1, noise: 20, leastPhotons: 100)
    var scaled = EmitterModel(sigmaX: 1.1, sigmaY: 1.3, noise: 4, leastPhotons: 100)
    scaled.noiseScale = 1.5
    let known = EmitterModel(
      sigmaX: 1.2, noise: 3, leastPhotons: 100,
      brightness: EmitterModel.Brightness(photons: 2000, spread: 0.2))
    let deep = EmitterModel(astigmatic, noise: 2, leastPhotons: 100)
    return [
      sample(round, [1, 9, 11], room: 4, [[(4.2, 3.7, 1500, 0)]], tiny: true),
      sample(
        round, [2, 21, 17], room: 8,
        [[(4.2, 5.1, 3000, 0), (8.1, 6.4, 2000, 0), (11.5, 15.2, 2500, 0)], []]),
      sample(
        round, [1, 16, 16], room: 6,
        [[(-0.4, 7.3, 4000, 0), (15.2, 0.1, 3000, 0), (7, 8, 900, 0)]],
        note: "edges"),
      sample(
        scaled, [1, 19, 23], room: 1, [[(6.3, 6.1, 3000, 0), (15.2, 11.7, 2500, 0)]],
        note: "more than fit"),
      sample(
        known, [1, 15, 20], room: 5, [[(5.4, 7.2, 2000, 0), (8.6, 7.5, 2100, 0)]], map: true,
        note: "known brightness"),
      sample(
        deep, [1, 33, 37], room: 5, [[(10.3, 12.1, 4000, -200), (26.2, 20.4, 3500, 150)]]),
      sample(
        EmitterModel(freeWidth: 1.2, noise: 2, leastPhotons: 100), [1, 20, 24], room: 3,
        [[(6.3, 7.1, 4000, -100), (16.2, 12.4, 3500, 150)]], note: "free widths"),
      sample(
        round, [1, 30, 95], room: 6,
        [[(20.1, 14.2, 3000, 0), (61.3, 12.2, 3000, 0), (66.4, 17.1, 2500, 0)]], note: "blocks"),
      sample(
        round, [1, 30, 88], room: 6, [[(20.1, 14.2, 3000, 0), (80.3, 12.2, 3000, 0)]],
        note: "a part of a frame",
        blocks: EmitterBlocks(x: 52..<140, y: 0..<30, ofWidth: 200, height: 30)),
      sample(round, [1, 3, 1], room: 2, [[]], note: "narrow"),
    ]
  }

  private static func sample(
    _ model: EmitterModel, _ shape: [Int], room: Int,
    _ molecules: [[(x: Double, y: Double, photons: Double, z: Double)]], map: Bool = false,
    note: String = "", blocks: EmitterBlocks? = nil, tiny: Bool = false
  ) -> Sample {
    var generator = SampleGenerator(seed: 731)
    func random(_ range: ClosedRange<Double>) -> Double {
      Double(Float(Double.random(in: range, using: &generator)))
    }
    let (height, width) = (shape[1], shape[2])
    let noise = (0..<height * width).map { _ in map ? random(1...6) : Double(model.noise) }
    let scale = Double(model.noiseScale)
    let counts = molecules.flatMap { list in
      let blank = EmitterReference(
        model, counts: Array(repeating: Array(repeating: 0, count: width), count: height),
        noise: Array(repeating: Array(repeating: 0, count: width), count: height))
      var state = EmitterReference.State(
        nodes: Array(repeating: 30, count: blank.nodes.x * blank.nodes.y))
      state.molecules = list.map {
        EmitterReference.Molecule(x: $0.x, y: $0.y, photons: $0.photons, z: $0.z)
      }
      return blank.mean(state).enumerated().map { k, mean in
        let bell = (0..<4).reduce(0.0) { sum, _ in sum + random(-1...1) } * 0.75.squareRoot()
        return Double(Float(scale * mean + ((scale * mean + noise[k]) * scale).squareRoot() * bell))
      }
    }
    return Sample(
      FitEmitters(model, room: room, blocks: blocks),
      [Reference(TensorType(.float32, shape), counts)]
        + (map ? [Reference(TensorType(.float32, height, width), noise)] : []), note: note,
      .absolute(0.02), .relative(0.02), .absolute(4), .relative(0.05), .relative(0.05), .exact,
      tiny: tiny)
  }
}

/// The thresholds of the search, in units of F, half a deviance.
///
/// They are the same for all movies and were chosen on published test movies. An addition, which is
/// tried at every pixel, must bring more than a split or a merge, which are tried at molecules.
enum EmitterSearch {
  /// Molecules within this distance are fitted together, px.
  static let reach: Float = 4.5

  static func addition(_ model: EmitterModel) -> Float {
    model.brightness == nil ? model.candidate / 2 : price(model)
  }

  /// The price of a molecule. A known brightness makes it cheaper.
  static func price(_ model: EmitterModel) -> Float {
    model.brightness.map { 4 + Float(log(1 + 10 * Double($0.spread))) } ?? 7
  }
}
