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
  private var ready: (frames: Int, room: Int, executable: any Executable)?
  private var received = ReceivedEmitters()
  private var record = PlanRecord()

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
    let executable = try executable(frames: batch.shape.frames, room)
    try executable.write("frames", batch.bytes)
    try executable.run(until: cancellation)
    let most = try received.read(
      executable, frames: batch.shape.frames, blocks: stage.blocks, room: room)
    // A full list may have cut a search short, so that the number is only a lower limit.
    guard most <= room else { return .needs(room: most * 3 / 2) }
    return rows.fill(spots: received.rows.count) { table, tally in
      stage.append(received, batch, to: &table, &tally)
    }
  }

  private func executable(frames: Int, _ room: Int) throws -> any Executable {
    if let ready, ready.frames == frames, ready.room == room { return ready.executable }
    drop()
    let plan = try Plan(stage.graph(frames: frames, room: room), for: device.info)
    let executable = try device.compile(plan, profiling: profiling)
    record.begin(executable)
    ready = (frames, room, executable)
    return executable
  }

  private func drop() {
    if let ready { record.end(ready.executable) }
    ready = nil
  }

  func finish() -> PlanRecord {
    drop()
    return record
  }
}
