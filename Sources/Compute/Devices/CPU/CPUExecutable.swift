import CPUKernels
import Dispatch

/// A plan over one block of memory, its launches split over threads.
final class CPUExecutable: Executable, @unchecked Sendable {
  let plan: Plan
  private let memory: UnsafeMutableRawBufferPointer
  private let launches: [Launch]
  private let scratch: UnsafeMutableRawBufferPointer
  private let scratchStride: Int
  private let pool: OpaquePointer
  private var seconds: [Double]
  private var runs = 0

  /// A launch with every pointer resolved.
  private struct Launch {
    let label: String
    let kernel: glint_kernel
    let parameters: UnsafeMutableRawPointer
    let buffers: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let count: UnsafePointer<Int32>?
    let limit: Int
    let grain: Int

    var items: Int { min(max(count.map { Int($0.pointee) } ?? limit, 0), limit) }

    init(
      _ launch: CPULaunch, of step: Plan.Step, in plan: Plan, at base: UnsafeMutableRawPointer,
      _ isa: glint_isa
    ) {
      guard let kernel = glint_kernel_find(launch.kernel, isa) else {
        preconditionFailure("kernel_list.h has no kernel \(launch.kernel)")
      }
      func address(_ operand: Operand) -> UnsafeMutableRawPointer? {
        step.slot(operand).map { base + plan.arena.slots[$0].offset }
      }
      label = "\(step.op.name)/\(launch.kernel)"
      self.kernel = kernel
      parameters = .allocate(byteCount: max(launch.parameters.count, 1), alignment: 16)
      parameters.copyMemory(from: launch.parameters, byteCount: launch.parameters.count)
      buffers = .allocate(capacity: launch.operands.count)
      for (index, operand) in launch.operands.enumerated() {
        (buffers + index).initialize(to: address(operand))
      }
      if case .counted(let operand, _) = launch.items {
        count = address(operand).map { UnsafePointer($0.assumingMemoryBound(to: Int32.self)) }
      } else {
        count = nil
      }
      limit = launch.items.limit
      grain = launch.grain
    }

    func release() {
      parameters.deallocate()
      buffers.deallocate()
    }
  }

  init(_ plan: Plan, isa: glint_isa, threads: Int) throws {
    self.plan = plan
    guard let pool = glint_pool_create(Int32(threads)) else {
      throw DeviceError.memory(needed: 4096, available: 0, device: plan.device.name)
    }
    self.pool = pool
    memory = .allocate(byteCount: plan.arena.bytes, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    var once: [Launch] = []
    var launches: [Launch] = []
    var largest = 64
    for step in plan.steps {
      guard case .cpu(let list) = step.choice.code, case .cpu(let first) = step.choice.preparing
      else { preconditionFailure("a plan for another device") }
      for launch in first + list { largest = max(largest, launch.scratch) }
      let base = memory.baseAddress!
      let preparing = first.map { Launch($0, of: step, in: plan, at: base, isa) }
      if step.preparesOnce { once += preparing } else { launches += preparing }
      launches += list.map { Launch($0, of: step, in: plan, at: base, isa) }
    }
    self.launches = launches
    seconds = Array(repeating: 0, count: launches.count)
    scratchStride = (largest + 4095) / 4096 * 4096
    scratch = .allocate(byteCount: scratchStride * threads, alignment: 4096)
    for (slot, tensor) in plan.constants { place(tensor, in: slot) }
    for launch in once {
      run(launch)
      launch.release()
    }
  }

  deinit {
    glint_pool_destroy(pool)
    for launch in launches { launch.release() }
    memory.deallocate()
    scratch.deallocate()
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    let slot = try plan.input(input)
    let count = min(bytes.count, slot.type.bytes)
    UnsafeMutableRawBufferPointer(rebasing: memory[slot.offset..<slot.offset + count])
      .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
  }

  func run() throws {
    runs += 1
    for index in launches.indices {
      let start = DispatchTime.now().uptimeNanoseconds
      run(launches[index])
      seconds[index] += Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }
  }

  private func run(_ launch: Launch) {
    glint_pool_run(
      pool, launch.kernel, launch.parameters, launch.buffers, Int64(launch.items),
      Int64(launch.grain), scratch.baseAddress, Int64(scratchStride))
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    let slot = try plan.output(output)
    let count = min(bytes.count, slot.type.bytes)
    bytes.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: memory[slot.offset..<slot.offset + count]))
  }

  var timings: [LaunchTiming] {
    zip(launches, seconds).map { LaunchTiming(label: $0.label, seconds: $1, runs: runs) }
  }

  func overwrite(_ image: [UInt8]) {
    memory.copyBytes(from: image)
  }

  func snapshot() -> [UInt8] { Array(memory) }

  private func place(_ tensor: Tensor, in slot: Int) {
    let range = plan.arena.slots[slot].offset
    UnsafeMutableRawBufferPointer(rebasing: memory[range..<range + tensor.bytes.count])
      .copyBytes(from: tensor.bytes)
  }
}
