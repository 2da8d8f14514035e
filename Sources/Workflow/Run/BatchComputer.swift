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
    let executable: any Executable
    let device: DeviceInfo
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
  func submit(_ batch: FrameBatch) throws -> Flight {
    while true {
      let device = device
      do {
        let capacity = capacityPerFrame * batch.shape.frames
        let executable = try executable(for: batch.shape, capacity)
        try executable.write("frames", batch.filled)
        try executable.run()
        return Flight(batch: batch, capacity: capacity, executable: executable, device: device)
      } catch {
        try leave(device, after: error)
      }
    }
  }

  /// Has the pipeline fetch a batch's spots, and returns how many there are. A batch with more than its
  /// plan has room for is done again with a larger plan, one whose device failed on the CPU.
  func receive(_ flight: consuming Flight) throws -> Int {
    while true {
      do {
        let total = try pipeline.receive(flight.executable, capacity: flight.capacity)
        let frames = flight.batch.shape.frames
        if total > flight.capacity {
          capacityPerFrame = max(capacityPerFrame * 2, (total * 5 / 4 + frames) / frames)
          forgetIdle()
        }
        release(flight)
        if total <= flight.capacity { return total }
      } catch {
        try leave(flight.device, after: error)
      }
      flight = try submit(flight.batch)
    }
  }

  /// Ends the keeping of executables, after which `profile` is complete.
  func finish() { forgetIdle() }

  private func executable(for shape: BatchShape, _ capacity: Int) throws -> any Executable {
    if shape == steady, let executable = idle.popLast() { return executable }
    let device = fallback.device
    let plan = try Plan(pipeline.graph(shape, capacity: capacity), for: device.info)
    arenaBytes = max(arenaBytes, plan.arena.bytes)
    explanation = plan.explain()
    return try device.compile(plan, profiling: profiling)
  }

  /// Keeps an executable for the next batch of its kind. Those of outgrown capacity, of a device that
  /// failed and of the shapes at the movie's ends go, so that memory stays bounded.
  private func release(_ flight: Flight) {
    let shape = flight.batch.shape
    if shape == steady, flight.capacity == capacityPerFrame * shape.frames, flight.device == device
    {
      idle.append(flight.executable)
    } else {
      profile.add(flight.executable)
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
