import Compute
import Networks
import Reporting

/// A localizing network on one device: the executable for a given list capacity, and the list that
/// it fills.
final class NetworkWorker: Worker {
  let batch: Int
  private let stage: NetworkStage
  private let device: any Device
  private let profiling: Bool
  private let cancellation: Cancellation
  private var ready: (room: Int, network: TiledNetwork)?
  private var list = EmitterList()
  private var record = PlanRecord()

  init(
    _ stage: NetworkStage, on device: any Device, batch: Int, profiling: Bool,
    cancellation: Cancellation
  ) {
    self.cancellation = cancellation
    self.stage = stage
    self.device = device
    self.batch = batch
    self.profiling = profiling
  }

  func compute(
    _ batch: Batch, room: Int, into rows: Rows, meanwhile: (Double) throws -> Void
  ) throws -> Found {
    let network = try network(room)
    try network.list(
      stage.stack(batch), answering: batch.shape.own, continuing: true, into: &list,
      meanwhile: meanwhile)
    guard list.isWhole else {
      return .needs(room: (list.most + network.batch - 1) / network.batch)
    }
    return rows.fill(spots: list.count) { table, _ in
      stage.append(list, first: batch.first - batch.shape.leading, to: &table)
    }
  }

  /// The executable of the last batch, unless more capacity is needed.
  private func network(_ room: Int) throws -> TiledNetwork {
    if let ready, ready.room == room { return ready.network }
    drop()
    let network = try stage.network(
      on: device, batch: batch, room: room, profiling: profiling, cancellation: cancellation)
    record.begin(network.executable)
    ready = (room, network)
    return network
  }

  private func drop() {
    if let ready { record.end(ready.network.executable) }
    ready = nil
  }

  func finish() -> PlanRecord {
    drop()
    return record
  }
}
