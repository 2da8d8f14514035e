import CPUKernels
import Foundation
import Reporting

/// A plan over one block of memory, its launches split over threads.
///
/// `@unchecked Sendable`: its raw pointers are used by one thread at a time, as `Executable`
/// demands; the threads that it starts itself write separate parts of the memory.
final class CPUExecutable: Executable, @unchecked Sendable {
  let plan: Plan
  private let arena: HostMemory
  private var held: [Held<HostMemory>] = []
  private let states: [HostMemory]
  private let isa: glint_isa
  private let scratch: HostMemory
  private let scratchStride: Int
  private var launches: [Launch] = []
  private let pool: OpaquePointer
  private var seconds: [Double] = []
  private var runs = 0

  /// A launch with every pointer resolved.
  private struct Launch {
    let label: String
    let function: glint_cpu_function
    let parameters: UnsafeMutableRawBufferPointer
    let buffers: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
    let count: UnsafePointer<Int32>?
    let limit: Int
    let grain: Int
    let scratch: Int

    var items: Int { min(max(count.map { Int($0.pointee) } ?? limit, 0), limit) }

    init(
      _ launch: CPULaunch, _ label: String, _ isa: glint_isa,
      at address: (Operand) -> UnsafeMutableRawPointer?
    ) {
      self.label = label
      function = launch.code.function(for: isa)
      parameters = .allocate(byteCount: launch.parameters.count, alignment: 16)
      parameters.copyBytes(from: launch.parameters)
      buffers = .allocate(capacity: launch.arguments.count)
      _ = buffers.initialize(from: launch.operands.map(address))
      if case .counted(let operand, _) = launch.items {
        count = address(operand).map { UnsafePointer($0.assumingMemoryBound(to: Int32.self)) }
      } else {
        count = nil
      }
      limit = launch.items.limit
      grain = launch.grain
      scratch = launch.scratch
    }

    func release() {
      parameters.deallocate()
      buffers.deallocate()
    }
  }

  /// Throws `DeviceError.memory` if memory or threads are not available, `ParameterError` if the
  /// store does not hold the plan's state.
  init(
    _ plan: Plan, isa: glint_isa, threads: Int, holdings: Holdings<HostMemory>,
    store: (any ParameterStore)?
  ) throws {
    let device = plan.device.name
    self.plan = plan
    self.isa = isa
    arena = try HostMemory(plan.arena.bytes, for: device)
    scratchStride = plan.scratch / plan.device.units + (plan.guarded ? Self.scratchGuard : 0)
    scratch = try HostMemory(scratchStride * threads, for: device)
    states = try plan.memory(in: store) { (store: CPUParameterStore) in store.blocks }
    guard let pool = glint_pool_create(Int32(threads)) else {
      throw DeviceError.memory(needed: plan.arena.bytes, available: nil, device: device)
    }
    self.pool = pool
    for holding in plan.holdings {
      held.append(try holdings.held(holding, make))
    }
    for step in plan.steps {
      let preparing = step.preparesOnce ? [] : Self.launches(step.choice.preparing)
      launches += (preparing + Self.launches(step.choice.code)).map { launch in
        Launch(launch, "\(step.op.name)/\(launch.kernel)", isa) { operand in
          step.place(operand).map { address($0) }
        }
      }
    }
    seconds = Array(repeating: 0, count: launches.count)
  }

  private static func launches(_ code: Choice.Code) -> [CPULaunch] {
    guard case .cpu(let launches) = code else { preconditionFailure("a plan for another device") }
    return launches
  }

  /// A copy of the constant, or the tensors that launches prepare from constants.
  private func make(_ holding: Holding) throws(DeviceError) -> [HostMemory] {
    var constants: [Int: HostMemory] = [:]
    for (input, constant) in holding.constants {
      constants[input] = try HostMemory(constant.tensor, for: plan.device.name)
    }
    guard let preparing = holding.preparing else { return Array(constants.values) }
    var parts: [HostMemory] = []
    for type in holding.types { parts.append(try HostMemory(type.bytes, for: plan.device.name)) }
    for launch in Self.launches(preparing) {
      let ready = Launch(launch, launch.kernel, isa) { operand in
        switch operand {
        case .input(let index): constants[index]?.start
        case .prepared(let index): parts[index].start
        case .output, .workspace, .none: nil
        }
      }
      run(ready)
      ready.release()
    }
    return parts
  }

  deinit {
    glint_pool_destroy(pool)
    for launch in launches { launch.release() }
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    let place = Plan.Place.arena(try plan.input(input, for: bytes.count))
    UnsafeMutableRawBufferPointer(start: address(place), count: bytes.count).copyMemory(from: bytes)
  }

  func run() throws { try run(stop: nil) }

  func run(until stop: Cancellation) throws { try run(stop: stop) }

  private func run(stop: Cancellation?) throws {
    runs += 1
    for index in launches.indices {
      let start = SteadyClock.seconds
      run(launches[index], until: stop)
      seconds[index] += SteadyClock.seconds - start
      try stop?.check()
    }
  }

  /// The launch that wrote past its scratch memory, if any. Only guarded plans check this.
  private(set) var overrun: String?
  private static let scratchGuard = 4096

  private func run(_ launch: Launch, until stop: Cancellation? = nil) {
    guard plan.guarded else { return start(launch, until: stop) }
    let sentinel: UInt8 = 0xA5
    let guards = stride(from: 0, to: scratch.bytes.count, by: scratchStride).map {
      UnsafeMutableRawBufferPointer(
        rebasing: scratch.bytes[$0 + launch.scratch..<$0 + launch.scratch + Self.scratchGuard])
    }
    for zone in guards { zone.initializeMemory(as: UInt8.self, repeating: sentinel) }
    start(launch, until: stop)
    if guards.contains(where: { $0.contains { $0 != sentinel } }) { overrun = launch.label }
  }

  private func start(_ launch: Launch, until stop: Cancellation?) {
    withExtendedLifetime(stop) {
      glint_pool_run(
        pool, launch.function, launch.parameters.baseAddress, launch.buffers.baseAddress,
        Int64(launch.items), Int64(launch.grain), scratch.bytes.baseAddress, Int64(scratchStride),
        stop == nil ? nil : Self.isStopped, stop.map { Unmanaged.passUnretained($0).toOpaque() })
    }
  }

  private static let isStopped: glint_pool_stop = { context in
    guard let context else { return 0 }
    return Unmanaged<Cancellation>.fromOpaque(context)
      ._withUnsafeGuaranteedRef { $0.isCancelled } ? 1 : 0
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    let place = try plan.output(output, for: bytes.count)
    bytes.copyMemory(from: UnsafeRawBufferPointer(start: address(place), count: bytes.count))
  }

  var timings: [LaunchTiming] {
    zip(launches, seconds).map { LaunchTiming(label: $0.label, seconds: $1, runs: runs) }
  }

  func overwrite(_ image: [UInt8]) { arena.bytes.copyBytes(from: image) }

  func snapshot() -> [UInt8] { Array(arena.bytes) }

  private func address(_ place: Plan.Place) -> UnsafeMutableRawPointer {
    switch place {
    case .arena(let slot): arena.start + plan.arena.slots[slot].offset
    case .held(let holding, let part): held[holding].parts[part].start
    case .state(let index): states[index].start
    }
  }
}
