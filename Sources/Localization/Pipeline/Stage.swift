import Compute

/// What is computed on each batch: an immutable description, from which every device gets its workers.
///
/// `FitStage` and `NetworkStage` make rows of frames, `ImageStage` makes images or classes. A run gives
/// batches to workers in the order of the movie and puts the products back into that order; it knows
/// nothing else of a stage.
package protocol Stage<Product>: Sendable {
  /// What a batch becomes. Products go round: a worker fills one again once its last content is written.
  associatedtype Product: AnyObject & Sendable

  /// Neighbours that each frame needs on either side; a batch at an end of the movie has fewer.
  var halo: Int { get }

  /// How many workers keep a device busy: more than one where transfer and computing overlap. One for a
  /// network: it keeps what it computed of the last batch's frames for the next batch.
  func workers(on device: DeviceInfo) -> Int

  /// A product that holds nothing yet.
  func product() -> Product

  /// A worker for a device.
  ///
  /// - Parameters:
  ///   - batch: items that will travel together; nil leaves the choice to the worker.
  ///   - items: how many there are in all.
  func worker(
    on device: any Device, batch: Int?, items: Int, profiling: Bool
  ) throws -> any Worker<Product>
}

/// A stage on one device: it owns its executables and the memory that results are fetched into.
///
/// Used by one thread. In steady state it allocates nothing. After an error it is not used again.
package protocol Worker<Product>: AnyObject {
  associatedtype Product: AnyObject & Sendable

  /// Items that travel together.
  var batch: Int { get }

  /// Computes a batch and fills `product`, unless there were more entries than there was room for.
  ///
  /// - Parameters:
  ///   - room: entries for which there is to be room in each frame.
  ///   - meanwhile: where the work is long, told now and then what part of it is done; what it throws
  ///     ends it.
  func compute(
    _ batch: Batch, room: Int, into product: Product, meanwhile: (Double) throws -> Void
  ) throws -> Found

  /// Lets go of the executables and tells what they were and took.
  func finish() -> PlanRecord
}

/// What a worker found in a batch.
package enum Found: Hashable, Sendable {
  /// Everything, and how many rows that is; nil where nothing is counted.
  case all(rows: Int?)
  /// More than there was room for: the batch has to be computed again with room for so many entries in
  /// each frame.
  case needs(room: Int)
}

/// The plans of a worker and their times, those that are gone included.
package struct PlanRecord: Sendable {
  /// Time of each op.
  package private(set) var profile: [ProfileRow] = []
  /// Bytes of the largest plan.
  package private(set) var arenaBytes = 0
  /// The last plan made, launch by launch.
  package private(set) var explanation = ""

  package init() {}

  /// Notes an executable that was made.
  mutating func begin(_ executable: any Executable) {
    arenaBytes = max(arenaBytes, executable.plan.arena.bytes)
    explanation = executable.plan.explain()
  }

  /// Adds the times of an executable that is not used any more.
  mutating func end(_ executable: any Executable) { add(executable.profile) }

  package mutating func add(_ other: PlanRecord) {
    add(other.profile)
    arenaBytes = max(arenaBytes, other.arenaBytes)
    if !other.explanation.isEmpty { explanation = other.explanation }
  }

  private mutating func add(_ rows: [ProfileRow]) {
    for row in rows {
      if let place = profile.firstIndex(where: { $0.op == row.op }) {
        profile[place].seconds += row.seconds
        profile[place].runs += row.runs
      } else {
        profile.append(row)
      }
    }
  }
}
