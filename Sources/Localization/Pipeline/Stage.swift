import Compute
import Reporting

/// The computation on each batch: an immutable description, from which every device gets its
/// workers.
///
/// `FitStage` and `NetworkStage` convert frames to rows; `ImageStage` computes images or classes. A
/// run passes batches to workers in movie order and restores that order for the products; it needs
/// no other knowledge of a stage.
package protocol Stage<Product>: Sendable {
  /// The result of a batch. Products are reused: a worker refills one after its content has been
  /// written.
  associatedtype Product: AnyObject & Sendable

  /// The number of neighbours that each frame needs on either side; batches at the ends of the
  /// movie have fewer.
  var halo: Int { get }

  /// The number of workers per device: more than one if transfer and computation overlap. One for a
  /// network, which keeps results of the last batch's frames for the next batch.
  func workers(on device: DeviceInfo) -> Int

  /// An empty product.
  func product() -> Product

  /// Creates a worker for a device.
  ///
  /// - Parameters:
  ///   - batch: items per batch; nil lets the worker choose.
  ///   - items: the total number of items.
  ///   - cancellation: a request to stop; work that is stopped throws `Interrupted`.
  func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool, cancellation: Cancellation
  ) throws -> any Worker<Product>
}

/// A stage on one device. It owns its executables and the memory for their results.
///
/// It is used by one thread, does not allocate in steady state, and is not used again after an
/// error.
package protocol Worker<Product>: AnyObject {
  associatedtype Product: AnyObject & Sendable

  /// Items per batch.
  var batch: Int { get }

  /// Computes a batch and fills `product`, unless there were more entries than the capacity.
  ///
  /// - Parameters:
  ///   - room: capacity, in entries per frame.
  ///   - meanwhile: called at intervals during long work with the completed fraction; if it throws,
  ///     the work stops.
  func compute(
    _ batch: Batch, room: Int, into product: Product, meanwhile: (Double) throws -> Void
  ) throws -> Found

  /// Releases the executables and returns their plans and times.
  func finish() -> PlanRecord
}

/// The outcome of a batch.
package enum Found: Hashable, Sendable {
  /// The batch is complete, with this number of rows; nil if rows are not counted.
  case all(rows: Int?)
  /// More entries than the capacity: the batch must be computed again with this capacity per frame.
  case needs(room: Int)
}

/// The plans of a worker and their times, including released ones.
package struct PlanRecord: Sendable {
  /// Time of each op.
  package private(set) var profile: [ProfileRow] = []
  /// Bytes of the largest plan.
  package private(set) var arenaBytes = 0
  /// The last plan, launch by launch.
  package private(set) var explanation = ""

  package init() {}

  /// Records a new executable.
  mutating func begin(_ executable: any Executable) {
    arenaBytes = max(arenaBytes, executable.plan.arena.bytes)
    explanation = executable.plan.explain()
  }

  /// Adds the times of an executable that is no longer used.
  mutating func end(_ executable: any Executable) { add(executable.profile) }

  package mutating func add(_ other: PlanRecord) {
    add(other.profile)
    arenaBytes = max(arenaBytes, other.arenaBytes)
    if !other.explanation.isEmpty { explanation = other.explanation }
  }

  /// The times of the same work are added: the same op with as many flops and bytes.
  private mutating func add(_ rows: [ProfileRow]) {
    for row in rows {
      let same = profile.firstIndex {
        ($0.op, $0.candidate, $0.flops, $0.bytes) == (row.op, row.candidate, row.flops, row.bytes)
      }
      if let place = same {
        profile[place].seconds += row.seconds
        profile[place].runs += row.runs
      } else {
        profile.append(row)
      }
    }
  }
}
