import Compute

/// The properties of a network: a line of `glint networks`.
package struct NetworkSummary: Codable, Hashable, Sendable {
  package let name: String
  package let source: String
  package let purpose: String
  /// Trained values.
  package let parameters: Int
  /// Floating-point operations (two per multiply–accumulate) per pixel of the frame; layers that
  /// process single frames are counted once per frame.
  package let work: Double
  /// Side of the square of pixels that a result depends on.
  package let receptiveField: Int
  /// Channels of a frame, and number of consecutive frames that a result depends on.
  package let channels: Int
  package let frames: Int
  /// The unit of frames.
  package let unit: InputUnit
  /// The outputs, for each pixel of a result `magnification` times finer than the frame.
  package let outputs: [String]
  package let magnification: Int
  /// Name and value of each setting.
  package let settings: String
  /// For frames of the requested size; nil if the network does not take them, see `refusal`.
  package let memory: Memory?
  package let refusal: String?

  /// Peak memory of a run.
  package struct Memory: Codable, Hashable, Sendable {
    package let height: Int
    package let width: Int
    /// Frames at a time, and tiles of a frame.
    package let batch: Int
    package let tiles: Int
    /// Bytes of the program before any work. Libraries that are loaded when a movie is first read
    /// or a table first written come in addition.
    package let program: Int
    /// Bytes of the device's arena with scratch and weights, and of the host's copies of inputs and
    /// outputs.
    package let run: Int
    /// Bytes of the weights on the host: the model's, and what constant folding made of them.
    package let weights: Int
    /// Bytes of frames being processed and of images or rows being written; rows for a dense movie,
    /// one emitter in 200 pixels.
    package let frames: Int
    package let total: Int
  }

  /// - Parameters:
  ///   - model: the network and its weights.
  ///   - height: height of a frame, pixels.
  ///   - width: width of a frame, pixels.
  ///   - limit: memory limit of a run, bytes; larger frames are split into tiles.
  ///   - program: bytes that the program takes before any work.
  ///   - device: the device that would run the network.
  package init(
    _ model: Model, height: Int, width: Int, memory limit: Int = 1 << 30, program: Int = 0,
    on device: DeviceInfo
  ) {
    let (system, network) = (model.system, model.network)
    name = type(of: system).name
    source = type(of: system).source
    purpose = type(of: system).purpose
    parameters = network.parameterCount
    work = 2 * network.multiplicationsPerPixel
    receptiveField = network.receptiveField
    channels = network.channels
    frames = 2 * network.temporalReach + 1
    unit = system.unit
    outputs = network.describedOutputs
    magnification = network.magnification
    settings = (try? system.configuration.settings) ?? ""
    do {
      let (height, width) = system.inputSize ?? (height, width)
      let pace = model.pace(height: height, width: width, on: device)
      let head =
        model.listHead(batch: pace.together, height: height, width: width) ?? .image()
      let plan = try TilePlan(
        model, batch: pace.together, height: height, width: width, on: device, memory: limit,
        tile: nil, head: head)
      let pixels = height * width
      let finer = network.magnification * network.magnification
      let values = head.widths.values
      let row = 2 * (MemoryLayout<EmitterList.Place>.stride + 4 * values + 8) + 3 * 8 * (values + 1)
      // Three batches of 16-bit frames, and the images of one run, or a batch's rows in two lists
      // and three tables; for crops, the cut and the gathered ones.
      let frames =
        system.inputSize != nil
        ? 2 * 4 * plan.batch * pixels
        : 3 * 2 * (pace.batch + 2 * network.temporalReach) * pixels
          + (head.room == nil
            ? 4 * plan.batch * pixels * finer * network.channels(of: network.outputs[0].value)
            : row * pace.batch * pixels / 200)
      let weights = model.weightBytes + plan.plan.constantBytes
      memory = Memory(
        height: height, width: width, batch: plan.batch,
        tiles: plan.rows.parts.count * plan.columns.parts.count, program: program,
        run: plan.bytes, weights: weights, frames: frames,
        total: program + plan.bytes + weights + frames)
      refusal = nil
    } catch {
      memory = nil
      refusal = "\(error)".split(separator: "\n").first.map(String.init)
    }
  }

  /// A known network with its published settings.
  package init(
    _ system: any NetworkSystem, height: Int, width: Int, memory: Int = 1 << 30,
    program: Int = 0, on device: DeviceInfo
  ) throws {
    self.init(
      try Model(system, system.network.randomWeights(seed: 1)), height: height, width: width,
      memory: memory, program: program, on: device)
  }
}

extension Network {
  /// The channels of the first output, then the other outputs.
  package var describedOutputs: [String] {
    let count = channels(of: outputs[0].value)
    let first =
      channelNames.count == count
      ? channelNames : [outputs[0].name + (count > 1 ? " ×\(count)" : "")]
    return first + outputs.dropFirst().map(\.name)
  }
}
