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
  private var ready: Ready?
  private var received: ReceivedRows
  private var record = PlanRecord()

  private struct Ready {
    let shape: BatchShape
    let capacity: Int
    let executable: any Executable
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
    let executable = try executable(for: batch.shape, capacity)
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

  /// The executable of the last batch, unless this one has another shape (at the movie's ends) or
  /// needs more capacity; then the old memory is freed before more is allocated.
  private func executable(for shape: BatchShape, _ capacity: Int) throws -> any Executable {
    if let ready, ready.shape == shape, ready.capacity == capacity { return ready.executable }
    drop()
    let plan = try Plan(stage.graph(shape, capacity: capacity), for: device.info)
    let executable = try device.compile(plan, profiling: profiling)
    record.begin(executable)
    ready = Ready(shape: shape, capacity: capacity, executable: executable)
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
