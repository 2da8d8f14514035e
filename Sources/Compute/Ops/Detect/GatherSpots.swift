import CPUKernels

/// Boxes of pixels around peaks, in photoelectrons, cut from the raw frames on the device.
///
/// Inputs: frames uint16 or float32 [frames, height, width]; peaks int32 [capacity, 3] (frame, y,
/// x) and total int32 [1] of `SelectPeaks`; optionally offset and inverse gain maps [height,
/// width], and then a noise map [height, width] (photoelectrons²). Outputs: spots float32
/// [capacity, box²], flags int32 [capacity] (1: a pixel is saturated, 2: one is NaN; the higher bits
/// are a `SpotCut`), and with a noise map its boxes float32 [capacity, box²]; rows past the total
/// are undefined. Outside the frame a box has mirrored pixels.
package struct GatherSpots: NotDifferentiable {
  package static let name = "gather_spots"
  /// Side, pixels, odd.
  package let box: Int
  /// The buffer's frame that the peaks' frame 0 refers to (after the leading halo).
  package let firstFrame: Int
  /// ADU; unused with maps.
  package let offset: Float
  /// Electrons per ADU; unused with maps.
  package let inverseGain: Float
  /// Multiplies the result: 0.5 gives EMCCD data the variance of Poisson data.
  package let scale: Float
  /// A pixel counts as saturated from this value on, ADU.
  package let saturation: Float

  package init(
    box: Int, firstFrame: Int = 0, offset: Float = 0, gain: Float = 1, scale: Float = 1,
    saturation: Float = .infinity
  ) {
    self.box = box
    self.firstFrame = firstFrame
    self.offset = offset
    self.inverseGain = 1 / gain
    self.scale = scale
    self.saturation = saturation
  }

  package var parameters: String {
    "box \(box), frame \(firstFrame), −\(offset) ·\(inverseGain) ·\(scale)"
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard [3, 5, 6].contains(inputs.count), inputs[0].shape.count == 3,
      inputs[0].element != .int32, inputs[1].element == .int32, inputs[1].shape.count == 2,
      inputs[1].shape[1] == 3, inputs[2] == TensorType(.int32, 1)
    else {
      throw ShapeError(
        Self.name, "takes frames, peaks, their number and optionally camera maps, not \(inputs)")
    }
    let map = TensorType(.float32, Array(inputs[0].shape[1...]))
    guard inputs.dropFirst(3).allSatisfy({ $0 == map }) else {
      throw ShapeError(
        Self.name, "camera maps are \(inputs[3]), the frames need \(map)",
        hint: "crop the maps to the region that the camera recorded")
    }
    guard box > 0, box % 2 == 1, box <= GLINT_BOX_LIMIT else {
      throw ShapeError(
        Self.name, "a box of \(box) pixels cannot be cut",
        hint: "use an odd box up to \(GLINT_BOX_LIMIT) pixels")
    }
    let boxes = TensorType(.float32, inputs[1].shape[0], box * box)
    let flags = TensorType(.int32, inputs[1].shape[0])
    return inputs.count == 6 ? [boxes, flags, boxes] : [boxes, flags]
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (height, width) = (inputs[0].type.shape[1], inputs[0].type.shape[2])
    let capacity = inputs[1].type.shape[0]
    var spots = [Double](repeating: .nan, count: capacity * box * box)
    var noise = spots
    var flags = [Double](repeating: -1, count: capacity)
    func mirrored(_ i: Int, _ n: Int) -> Int { Int(glint_mirrored(Int32(i), Int32(n))) }
    for spot in 0..<min(Int(inputs[2].values[0]), capacity) {
      let place = inputs[1].values[3 * spot..<3 * spot + 3].map(Int.init)
      var flag = SpotCut(box: box, x: place[2], y: place[1], width: width, height: height).flags
      for k in 0..<box * box {
        let pixel =
          mirrored(place[1] - box / 2 + k / box, height) * width
          + mirrored(place[2] - box / 2 + k % box, width)
        let raw = inputs[0].values[(place[0] + firstFrame) * height * width + pixel]
        let electrons =
          inputs.count > 3
          ? PixelScale(offset: inputs[3].values[pixel], perADU: inputs[4].values[pixel])
          : PixelScale(offset: Double(offset), perADU: Double(inverseGain))
        let value = electrons(raw)
        spots[spot * box * box + k] = value * Double(scale)
        if inputs.count == 6 { noise[spot * box * box + k] = inputs[5].values[pixel] }
        flag |= raw >= Double(saturation) ? Int(GLINT_SPOT_SATURATED) : 0
        flag |= value.isNaN ? Int(GLINT_SPOT_NAN) : 0
      }
      flags[spot] = Double(flag)
    }
    let boxes = TensorType(.float32, capacity, box * box)
    let results = [Reference(boxes, spots), Reference(TensorType(.int32, capacity), flags)]
    return inputs.count == 6 ? results + [Reference(boxes, noise)] : results
  }

  /// The reference flags rows past the total with −1.
  package func defined(_ outputs: [Reference]) -> [[Bool]?] {
    let rows = outputs[1].values.map { $0 >= 0 }
    let pixels = rows.flatMap { Array(repeating: $0, count: box * box) }
    return outputs.count == 3 ? [pixels, rows, pixels] : [pixels, rows]
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    Work(flops: 3 * outputs[0].count, bytes: 2 * outputs[0].bytes)
  }

  private func kernelParameters(_ site: Site) -> glint_gather_params {
    glint_gather_params(
      height: Int32(site.inputs[0].shape[1]), width: Int32(site.inputs[0].shape[2]),
      box: Int32(box), capacity: Int32(site.inputs[1].shape[0]), first_frame: Int32(firstFrame),
      has_maps: site.inputs.count > 3 ? 1 : 0, has_noise: site.inputs.count == 6 ? 1 : 0,
      offset: offset, inverse_gain: inverseGain, scale: scale, saturation: saturation)
  }

  private func operands(_ site: Site) -> glint_gather_spots_operands {
    func map(_ index: Int) -> glint_maybe_in { index < site.inputs.count ? .input(index) : .none }
    return glint_gather_spots_operands(
      frames: .input(0), offsets: map(3), gains: map(4), noise_map: map(5), peaks: .input(1),
      total: .input(2), spots: .output(0),
      noise: site.inputs.count == 6 ? .output(2) : .none, flags: .output(1))
  }

  package var cpu: [Candidate<CPULaunch>] {
    .only("spots") { site in
      CPULaunch(
        site.inputs[0].element == .uint16
          ? glint_cpu_gather_spots_u16 : glint_cpu_gather_spots_f32,
        kernelParameters(site), operands(site),
        items: .counted(.input(2), limit: site.inputs[1].shape[0]), grain: 64)
    }
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    .only("group") { site in
      let capacity = site.inputs[1].shape[0]
      return OpenCLLaunch(
        glint_opencl_gather_spots,
        defines: ["PIXEL": site.inputs[0].element == .uint16 ? "ushort" : "float"],
        kernelParameters(site), operands(site), items: capacity, global: [capacity * 64])
    }
  }

  package static var samples: [Sample] {
    func sample(
      _ op: GatherSpots, _ frames: Reference, capacity: Int, total: Int, maps: Int = 0,
      note: String = ""
    ) -> Sample {
      let shape = frames.type.shape
      var generator = SampleGenerator(seed: 91)
      let peaks = (0..<capacity).flatMap { _ in
        [
          Double(Int.random(in: 0..<shape[0] - op.firstFrame, using: &generator)),
          Double(Int.random(in: 0..<shape[1], using: &generator)),
          Double(Int.random(in: 0..<shape[2], using: &generator)),
        ]
      }
      let cameraMaps = (0..<maps).map {
        Reference.random(Array(shape[1...]), 0.5...2, seed: UInt64(92 + $0))
      }
      return Sample(
        op,
        [
          frames, Reference(TensorType(.int32, capacity, 3), peaks),
          Reference(TensorType(.int32, 1), [Double(total)]),
        ] + cameraMaps, note: note, .roundings(3), .exact, .exact,
        tiny: capacity * op.box * op.box < 1000)
    }
    let camera = GatherSpots(box: 5, offset: 100, gain: 2.17, saturation: 900)
    var holed = Reference.random([2, 9, 11], 0...1000, seed: 95)
    holed.values[50] = .nan
    return [
      sample(camera, .random([2, 9, 13], 0...1000, element: .uint16), capacity: 7, total: 5),
      sample(
        camera, .random([1, 5, 5], 0...1000, element: .uint16), capacity: 3, total: 9, note: "full"),
      sample(
        camera, .random([1, 9, 9], 0...1000, element: .uint16), capacity: 3, total: 0, note: "none"),
      sample(camera, holed, capacity: 20, total: 20, note: "NaN"),
      sample(
        GatherSpots(box: 31), .random([1, 3, 5], 0...100), capacity: 5, total: 5,
        note: "wider than the frame"),
      sample(
        GatherSpots(box: 3, firstFrame: 1, scale: 0.5),
        .random([3, 13, 17], 0...65535, element: .uint16), capacity: 30, total: 29, maps: 2),
      sample(
        GatherSpots(box: 13), .random([2, 31, 33], 0...100), capacity: 65, total: 64, maps: 3),
    ]
  }
}
