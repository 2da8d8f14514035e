import Compute
import Reporting

/// The fit of several emitters on one device: the executable for batches of one size, and host
/// memory for its results.
final class EmitterWorker: Worker {
  let batch: Int
  private let stage: EmitterStage
  private let device: any Device
  private let profiling: Bool
  private let cancellation: Cancellation
  private var last = LastExecutable<Key>()
  private var received = ReceivedEmitters()

  private struct Key: Equatable {
    let frames: Int
    let room: Int
  }

  init(
    _ stage: EmitterStage, on device: any Device, batch: Int, profiling: Bool,
    cancellation: Cancellation
  ) {
    self.stage = stage
    self.device = device
    self.batch = batch
    self.profiling = profiling
    self.cancellation = cancellation
  }

  /// `room` counts rows of a block here.
  func compute(
    _ batch: Batch, room: Int, into rows: Rows, meanwhile: (Double) throws -> Void
  ) throws -> Found {
    let frames = batch.shape.frames
    let executable = try last.executable(for: Key(frames: frames, room: room)) {
      let plan = try Plan(stage.graph(frames: frames, room: room), for: device.info)
      return try device.compile(plan, profiling: profiling)
    }
    try executable.write("frames", batch.bytes)
    try executable.run(until: cancellation)
    let most = try received.read(
      executable, frames: frames, blocks: stage.blocks, room: room)
    // A full list may have cut a search short, so that the number is only a lower limit.
    guard most <= room else { return .needs(room: most * 3 / 2) }
    return rows.fill(spots: received.rows.count) { table, tally in
      stage.append(received, batch, to: &table, &tally)
    }
  }

  func finish() -> PlanRecord { last.finish() }
}
