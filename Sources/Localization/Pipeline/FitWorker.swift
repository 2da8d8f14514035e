import Compute
import Reporting

/// Detection and fit on one device: the executable for batches of one shape, and host memory for
/// its results.
final class FitWorker: Worker {
  let batch: Int
  private let stage: FitStage
  private let device: any Device
  private let profiling: Bool
  private let cancellation: Cancellation
  private var last = LastExecutable<Key>()
  private var received: ReceivedRows

  private struct Key: Equatable {
    let shape: BatchShape
    let capacity: Int
  }

  init(
    _ stage: FitStage, on device: any Device, batch: Int, profiling: Bool,
    cancellation: Cancellation
  ) {
    self.cancellation = cancellation
    self.stage = stage
    self.device = device
    self.batch = batch
    self.profiling = profiling
    received = ReceivedRows(of: stage)
  }

  func compute(
    _ batch: Batch, room: Int, into rows: Rows, meanwhile: (Double) throws -> Void
  ) throws -> Found {
    let capacity = room * batch.shape.frames
    let executable = try last.executable(for: Key(shape: batch.shape, capacity: capacity)) {
      let plan = try Plan(stage.graph(batch.shape, capacity: capacity), for: device.info)
      return try device.compile(plan, profiling: profiling)
    }
    try executable.write("frames", batch.bytes)
    try executable.run(until: cancellation)
    var total: Int32 = 0
    try withUnsafeMutableBytes(of: &total) { try executable.read("total", into: $0) }
    guard total <= capacity else {
      return .needs(room: (Int(total) + batch.shape.frames - 1) / batch.shape.frames)
    }
    try received.read(executable, total: Int(total))
    return rows.fill(spots: Int(total)) { table, tally in
      received.choose(&tally)
      stage.append(received, first: batch.first, to: &table)
    }
  }

  func finish() -> PlanRecord { last.finish() }
}
