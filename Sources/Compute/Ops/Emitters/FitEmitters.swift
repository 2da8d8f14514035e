import CPUKernels
import Foundation

/// Fits all molecules of each frame together, also where they overlap.
///
/// Molecules are added, split, merged and removed as long as a penalised Poisson likelihood rises;
/// each change is judged by a joint fit of a few molecules with everything else fixed. The bound of
/// a molecule is that of the joint fit with its neighbours. A frame is cut into blocks with a
/// margin; `Kernels/README.md` describes the search.
///
/// Inputs: counts float32 [frames, height, width] whose variance is their mean, the grid of a spline
/// (`SplineModel.grid`) if the model has one, and optionally the variance of Gaussian noise float32
/// [height, width]. Outputs, with one line for each block and
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

  /// The place of the noise map, behind the grid of a spline.
  private var noise: Int {
    if case .spline = model.image { return 2 }
    return 1
  }

  private func blocks(_ frames: TensorType) -> EmitterBlocks {
    cut ?? EmitterBlocks(width: frames.shape[2], height: frames.shape[1])
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard (noise...noise + 1).contains(inputs.count), inputs[0].element == .float32,
      inputs[0].shape.count == 3, !inputs[0].shape.contains(0),
      inputs.count == noise || inputs[noise] == TensorType(.float32, Array(inputs[0].shape[1...]))
    else {
      throw ShapeError(
        Self.name,
        "takes frames, the grid of a spline, and optionally a noise variance per pixel, not \(inputs)"
      )
    }
    if case .spline(let spline, _) = model.image { try spline.check(Self.name, grid: inputs[1]) }
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
      model, EmitterImage(model.image, grid: noise > 1 ? inputs[1].values : []), counts: inputs[0],
      noise: inputs.count > noise ? inputs[noise] : nil, room: room,
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
    p.has_noise_map = site.inputs.count > noise ? 1 : 0
    p.noise_variance = model.noise
    p.noise_scale = model.noiseScale
    p.window = model.window
    p.widest = Int32(model.widestWindow)
    // Two molecules that stand for a defocused one lie as far apart as it is wide.
    p.close = 5
    if let widths = model.axial {
      p.axial = 1
      p.width_x = widths.x.kernelCurve
      p.width_y = widths.y.kernelCurve
      p.lowest_z = widths.lowestZ
      p.highest_z = widths.highestZ
      p.merge_low = 0.6 * widths.lowestZ
      p.merge_high = 0.6 * widths.highestZ
      p.planes = 9
    }
    switch model.image {
    case .gaussian(let sigmaX, let sigmaY):
      (p.sigma_x, p.sigma_y) = (sigmaX, sigmaY)
      p.close = 2 * min(sigmaX, sigmaY)
    case .freeWidth(let sigma):
      p.planes = 3
      p.close = 2 * sigma
    case .astigmatic: break
    case .spline(let spline, let extent):
      p.spline = 1
      p.close = max(p.close, 2 * extent.widestCore)
      p.grid = spline.kernelGrid
      p.reach_at = extent.reach.kernelCurve
      let (low, high) = (spline.lowestZ, spline.highestZ)
      p.merge_low = low + 0.2 * (high - low)
      p.merge_high = low + 0.8 * (high - low)
      p.planes = Int32(evenHeights(low, high, apart: 100, limit: 16).count)
    }
    p.candidate = model.candidate
    p.addition = EmitterSearch.addition(model)
    p.price = EmitterSearch.price(model)
    p.split = 4
    p.reach = EmitterSearch.reach(model)
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
      counts: .input(0), noise: site.inputs.count > noise ? .input(noise) : .none,
      grid: noise > 1 ? .input(1) : .none, place: .output(0), light: .output(1),
      height: .output(2), bound: .output(3), worth: .output(4), found: .output(5), space: space)
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("block") { site in
      let p = kernelParameters(site)
      return CPULaunch(
        glint_cpu_crowd, p, operands(site, .none), items: .fixed(site.outputs[5].count),
        scratch: Int(GLINT_CROWD_WORK_BYTES) + 4 * Int(glint_crowd_space(p)))
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .lanes(
      glint_opencl_crowd, { operands($0, .workspace(0)) }, items: { $0.outputs[5].count },
      floats: glint_crowd_space, defines: { ["SPLINE": "\($0.spline)"] }, kernelParameters)
  }
}

/// The thresholds of the search, in units of F, half a deviance.
///
/// They are the same for all movies and were chosen on published test movies. An addition, which is
/// tried at every pixel, must bring more than a split or a merge, which are tried at molecules.
enum EmitterSearch {
  /// Molecules within this distance are fitted together, px.
  static func reach(_ model: EmitterModel) -> Float {
    guard case .spline(_, let extent) = model.image else { return 4.5 }
    return max(4.5, 1.75 * extent.widestCore)
  }

  static func addition(_ model: EmitterModel) -> Float {
    model.brightness == nil ? model.candidate / 2 : price(model)
  }

  /// The price of a molecule. A known brightness makes it cheaper.
  static func price(_ model: EmitterModel) -> Float {
    if let brightness = model.brightness {
      return 4 + Float(log(1 + 10 * Double(brightness.spread)))
    }
    // 7 happens by chance in 3 of 1000 tries with three parameters, 8 with four. Splines have more
    // shapes than astigmatic Gaussians into which two molecules can imitate noise.
    if case .spline = model.image { return 8 }
    return 7
  }
}
