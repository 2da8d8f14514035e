import CPUKernels
import Foundation

/// A plan over one block of memory, its launches split over threads.
final class CPUExecutable: Executable, @unchecked Sendable {
  let plan: Plan
  private let arena: HostMemory
  private let scratch: HostMemory
  private let scratchStride: Int
  private let launches: [Launch]
  private let pool: OpaquePointer
  private var seconds: [Double]
  private var runs = 0

  /// A launch with every pointer resolved.
  private struct Launch {
    let label: String
    let kernel: glint_kernel
    let parameters: UnsafeMutableRawBufferPointer
    let buffers: UnsafeMutableBufferPointer<UnsafeMutableRawPointer?>
    let count: UnsafePointer<Int32>?
    let limit: Int
    let grain: Int
    let scratch: Int

    var items: Int { min(max(count.map { Int($0.pointee) } ?? limit, 0), limit) }

    init(
      _ launch: CPULaunch, of step: Plan.Step, in plan: Plan, at arena: HostMemory, _ isa: glint_isa
    ) {
      guard let kernel = glint_kernel_find(launch.kernel, isa) else {
        preconditionFailure("kernel_list.h has no kernel \(launch.kernel)")
      }
      func address(_ operand: Operand) -> UnsafeMutableRawPointer? {
        step.slot(operand).map { arena.bytes.baseAddress! + plan.arena.slots[$0].offset }
      }
      label = "\(step.op.name)/\(launch.kernel)"
      self.kernel = kernel
      parameters = .allocate(byteCount: launch.parameters.count, alignment: 16)
      parameters.copyBytes(from: launch.parameters)
      buffers = .allocate(capacity: launch.operands.count)
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

  /// Throws `DeviceError.memory` where memory or threads are not to be had.
  init(_ plan: Plan, isa: glint_isa, threads: Int) throws(DeviceError) {
    let device = plan.device.name
    let lists: [(step: Plan.Step, once: [CPULaunch], launches: [CPULaunch])] = plan.steps.map {
      guard case .cpu(let launches) = $0.choice.code, case .cpu(let first) = $0.choice.preparing
      else { preconditionFailure("a plan for another device") }
      return $0.preparesOnce ? ($0, first, launches) : ($0, [], first + launches)
    }
    self.plan = plan
    let arena = try HostMemory(plan.arena.bytes, for: device)
    scratchStride = plan.scratch / plan.device.units + (plan.guarded ? Self.scratchGuard : 0)
    scratch = try HostMemory(scratchStride * threads, for: device)
    guard let pool = glint_pool_create(Int32(threads)) else {
      throw .memory(needed: plan.arena.bytes, available: nil, device: device)
    }
    self.pool = pool
    self.arena = arena
    launches = lists.flatMap { step, _, launches in
      launches.map { Launch($0, of: step, in: plan, at: arena, isa) }
    }
    seconds = Array(repeating: 0, count: launches.count)
    for (slot, tensor) in plan.constants {
      part(slot, tensor.bytes.count).copyBytes(from: tensor.bytes)
    }
    for (step, once, _) in lists {
      for launch in once.map({ Launch($0, of: step, in: plan, at: arena, isa) }) {
        run(launch)
        launch.release()
      }
    }
  }

  deinit {
    glint_pool_destroy(pool)
    for launch in launches { launch.release() }
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    let slot = try plan.slot(input, in: plan.inputs, for: bytes.count)
    part(slot, bytes.count).copyMemory(from: bytes)
  }

  func run() throws {
    runs += 1
    for index in launches.indices {
      let start = SteadyClock.seconds
      run(launches[index])
      seconds[index] += SteadyClock.seconds - start
    }
  }

  /// The launch that wrote beyond the scratch it asked for, if one did; only guarded plans look.
  private(set) var overrun: String?
  private static let scratchGuard = 4096

  private func run(_ launch: Launch) {
    guard plan.guarded else { return start(launch) }
    let sentinel: UInt8 = 0xA5
    let guards = stride(from: 0, to: scratch.bytes.count, by: scratchStride).map {
      UnsafeMutableRawBufferPointer(
        rebasing: scratch.bytes[$0 + launch.scratch..<$0 + launch.scratch + Self.scratchGuard])
    }
    for zone in guards { zone.initializeMemory(as: UInt8.self, repeating: sentinel) }
    start(launch)
    if guards.contains(where: { $0.contains { $0 != sentinel } }) { overrun = launch.label }
  }

  private func start(_ launch: Launch) {
    glint_pool_run(
      pool, launch.kernel, launch.parameters.baseAddress, launch.buffers.baseAddress,
      Int64(launch.items), Int64(launch.grain), scratch.bytes.baseAddress, Int64(scratchStride))
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    let slot = try plan.slot(output, in: plan.outputs, for: bytes.count)
    bytes.copyMemory(from: UnsafeRawBufferPointer(part(slot, bytes.count)))
  }

  var timings: [LaunchTiming] {
    zip(launches, seconds).map { LaunchTiming(label: $0.label, seconds: $1, runs: runs) }
  }

  func overwrite(_ image: [UInt8]) { arena.bytes.copyBytes(from: image) }

  func snapshot() -> [UInt8] { Array(arena.bytes) }

  /// The first `count` bytes of a slot.
  private func part(_ slot: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
    let start = plan.arena.slots[slot].offset
    return UnsafeMutableRawBufferPointer(rebasing: arena.bytes[start..<start + count])
  }
}
