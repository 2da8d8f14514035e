import Compute
import Localization

/// Runs a pipeline's batches on a device: plans and executables, room for spots, the move to the CPU.
///
/// Used by one thread. Executables are kept from batch to batch, so that steady state makes none.
final class BatchComputer {
  /// A batch that the device is working on.
  struct Flight {
    let batch: FrameBatch
    let capacity: Int
    let device: DeviceInfo
    /// nil once the batch has landed: memory goes before more is asked for.
    fileprivate(set) var executable: (any Executable)?
  }

  let pipeline: any FramePipeline
  private let fallback: Fallback
  private let profiling: Bool
  /// The shape of all batches but those at the ends of the movie.
  private let steady: BatchShape
  private var capacityPerFrame: Int
  /// Executables without a batch, all for the steady shape, the capacity and the device of now.
  private var idle: [any Executable] = []
  /// Time of each op in the executables that are gone.
  private(set) var profile: [ProfileRow] = []
  /// Bytes of the largest plan.
  private(set) var arenaBytes = 0
  /// The last plan made, launch by launch.
  private(set) var explanation = ""

  /// - Parameters:
  ///   - capacity: spots per frame that there is room for at first; more make a larger plan.
  init(
    _ pipeline: any FramePipeline, steady: BatchShape, capacity: Int, on fallback: Fallback,
    profiling: Bool
  ) {
    self.pipeline = pipeline
    self.steady = steady
    self.fallback = fallback
    self.profiling = profiling
    capacityPerFrame = capacity
    idle.reserveCapacity(4)
  }

  /// What computes now.
  var device: DeviceInfo { fallback.device.info }

  /// Starts the device on a batch; where it cannot, everything moves to the CPU.
  ///
  /// - Parameter meanwhile: see `FramePipeline.start`.
  func submit(_ batch: FrameBatch, meanwhile: (Double) throws -> Void) throws -> Flight {
    let shape = planned(batch.shape)
    while true {
      let device = device
      do {
        let capacity = capacityPerFrame * shape.frames
        let executable = try executable(for: shape, capacity)
        try pipeline.start(
          executable, batch.filled, batch.shape, first: batch.frames.lowerBound,
          meanwhile: meanwhile)
        return Flight(batch: batch, capacity: capacity, device: device, executable: executable)
      } catch {
        try leave(device, after: error)
      }
    }
  }

  /// Has the pipeline fetch a batch's spots, and returns how many there are. A batch with more than its
  /// plan has room for is done again with a larger plan, one whose device failed on the CPU.
  func receive(_ flight: inout Flight, meanwhile: (Double) throws -> Void) throws -> Int {
    while true {
      if let count = try fetch(&flight) { return count }
      flight = try submit(flight.batch, meanwhile: meanwhile)
    }
  }

  /// Fetches a batch's spots; nil where it has to be done again, its executable gone.
  private func fetch(_ flight: inout Flight) throws -> Int? {
    guard let executable = flight.executable else { return nil }
    flight.executable = nil
    let received: Received
    do {
      received = try pipeline.receive(executable, capacity: flight.capacity)
    } catch {
      try leave(flight.device, after: error)
      return nil
    }
    let shape = planned(flight.batch.shape)
    switch received {
    case .all(let count):
      release(executable, shape, flight)
      return count
    case .needs(let capacity):
      capacityPerFrame = max(
        capacityPerFrame * 2, (capacity * 5 / 4 + shape.frames) / shape.frames)
      forgetIdle()
      profile.add(executable)
      return nil
    }
  }

  /// Ends the keeping of executables, after which `profile` is complete.
  func finish() { forgetIdle() }

  /// The shape for which the executable of a batch is made.
  private func planned(_ shape: BatchShape) -> BatchShape {
    pipeline.takesEveryShape ? steady : shape
  }

  private func executable(for shape: BatchShape, _ capacity: Int) throws -> any Executable {
    if shape == steady, let executable = idle.popLast() { return executable }
    // None of those that are left will be needed beside it: it is for a batch at the movie's end.
    forgetIdle()
    let executable = try pipeline.executable(
      shape, capacity: capacity, on: fallback.device, profiling: profiling)
    arenaBytes = max(arenaBytes, executable.plan.arena.bytes)
    explanation = executable.plan.explain()
    return executable
  }

  /// Keeps an executable for the next batch of its kind. Those of outgrown capacity, of a device that
  /// failed and of the shapes at the movie's ends go, so that memory stays bounded.
  private func release(
    _ executable: any Executable, _ shape: BatchShape, _ flight: Flight
  ) {
    if shape == steady, flight.capacity == capacityPerFrame * shape.frames, flight.device == device
    {
      idle.append(executable)
    } else {
      profile.add(executable)
    }
  }

  private func leave(_ failed: DeviceInfo, after error: any Error) throws {
    let before = device
    try fallback.leave(failed, after: error)
    if device != before { forgetIdle() }
  }

  private func forgetIdle() {
    for executable in idle { profile.add(executable) }
    idle.removeAll(keepingCapacity: true)
  }
}

extension [ProfileRow] {
  /// Adds an executable's times, op by op.
  fileprivate mutating func add(_ executable: any Executable) {
    for row in executable.profile {
      if let place = firstIndex(where: { $0.op == row.op }) {
        self[place].seconds += row.seconds
        self[place].runs += row.runs
      } else {
        append(row)
      }
    }
  }
}
