import COpenCL
import Reporting

/// A plan on an OpenCL device: one buffer with a part for each tensor, and one in-order queue.
///
/// `@unchecked Sendable`: used by one thread at a time, as `Executable` demands.
final class OpenCLExecutable: Executable, @unchecked Sendable {
  let plan: Plan
  private let device: OpenCLDevice
  private let queue: OpenCLQueue
  private let arena: OpenCLObject
  private let parts: [OpenCLObject]
  private var held: [Held<OpenCLObject>] = []
  private let states: [OpenCLObject]
  private var launches: [Launch] = []
  private let profiling: Bool
  private var pending: [(launch: Int, event: cl_event)] = []
  private var seconds: [Double] = []
  private var runs = 0

  private struct Launch {
    let label: String
    let kernel: OpenCLObject
    let global: [Int]
    let local: [Int]
  }

  private var cl: glint_opencl { device.cl.calls }
  private var name: String { device.info.name }

  /// Throws `DeviceError` if memory is short, a kernel does not compile, its work-group is too
  /// large or another call fails; `ParameterError` if the store does not hold the plan's state.
  init(
    _ plan: Plan, on device: OpenCLDevice, store: (any ParameterStore)?, profiling: Bool
  ) throws {
    self.plan = plan
    self.device = device
    self.profiling = profiling
    let cl = device.cl.calls
    let name = device.info.name
    states = try plan.memory(in: store) { (store: OpenCLParameterStore) in
      store.device === device ? store.blocks : nil
    }
    // Executables with the same store share its queue, so their launches run in order.
    if let store = store as? OpenCLParameterStore, !plan.states.isEmpty {
      queue = store.queue
    } else {
      queue = try OpenCLQueue(device, profiling: profiling)
    }
    let arena = try Self.arena(plan.arena.bytes, of: device, filledBy: queue)
    self.arena = arena
    var parts: [OpenCLObject] = []
    for slot in plan.arena.slots {
      var region = cl_buffer_region(origin: slot.offset, size: slot.range.count)
      parts.append(
        try OpenCLObject("clCreateSubBuffer", on: name, release: cl.ReleaseMemObject) {
          cl.CreateSubBuffer(
            arena.handle, cl_mem_flags(CL_MEM_READ_WRITE),
            cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION), &region, $0)
        })
    }
    self.parts = parts
    for holding in plan.holdings {
      held.append(try device.holdings.held(holding, make))
    }
    for step in plan.steps {
      let preparing = step.preparesOnce ? [] : Self.launches(step.choice.preparing)
      for launch in preparing + Self.launches(step.choice.code) {
        launches.append(
          try prepare(launch, "\(step.op.name)/\(launch.kernel)") { operand in
            step.place(operand).map { memory($0) }
          })
      }
    }
    seconds = Array(repeating: 0, count: launches.count)
  }

  private static func arena(
    _ bytes: Int, of device: OpenCLDevice, filledBy queue: OpenCLQueue
  ) throws(DeviceError) -> OpenCLObject {
    do throws(DeviceError) {
      let arena = try device.buffer(bytes)
      // Many drivers allocate memory when a buffer is first used, not when it is created.
      var zero: UInt32 = 0
      try check(
        device.cl.calls.EnqueueFillBuffer(
          queue.handle, arena.handle, &zero, 4, 0, bytes, 0, nil, nil),
        "clEnqueueFillBuffer", device.info.name)
      try queue.finish()
      return arena
    } catch {
      throw error.asMemory(bytes, device.info.name)
    }
  }

  private static func launches(_ code: Choice.Code) -> [OpenCLLaunch] {
    guard case .openCL(let launches) = code else {
      preconditionFailure("a plan for another device")
    }
    return launches
  }

  /// A copy of the constant, or the tensors that launches prepare from constants. Complete on
  /// return, because other queues will read it.
  private func make(_ holding: Holding) throws(DeviceError) -> [OpenCLObject] {
    do throws(DeviceError) {
      var constants: [Int: OpenCLObject] = [:]
      for (input, constant) in holding.constants {
        constants[input] = try queue.copy(of: constant.tensor)
      }
      guard let preparing = holding.preparing else { return Array(constants.values) }
      var made: [OpenCLObject] = []
      for type in holding.types { made.append(try device.buffer(type.bytes)) }
      for launch in Self.launches(preparing) {
        let ready = try prepare(launch, launch.kernel) { operand in
          switch operand {
          case .input(let index): constants[index]
          case .prepared(let index): made[index]
          case .output, .workspace, .none: nil
          }
        }
        try enqueue(ready, nil)
      }
      try queue.finish()
      return made
    } catch {
      throw error.asMemory(holding.bytes, name)
    }
  }

  deinit {
    try? queue.finish()
    for (_, event) in pending { _ = cl.ReleaseEvent(event) }
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    let slot = try plan.input(input, for: bytes.count)
    try queue.upload(bytes.baseAddress, bytes.count, to: parts[slot])
  }

  func run() throws { try run(stop: nil) }

  func run(until stop: Cancellation) throws { try run(stop: stop) }

  private func run(stop: Cancellation?) throws {
    runs += 1
    for index in launches.indices {
      // A processor takes seconds for what a GPU does at once, and what is in the queue cannot be
      // taken back.
      if let stop, device.info.kind == .openCLCPU {
        try queue.finish()
        try stop.check()
      }
      var event: cl_event?
      try withUnsafeMutablePointer(to: &event) {
        try enqueue(launches[index], profiling ? $0 : nil)
      }
      if let event { pending.append((index, event)) }
    }
    try check(cl.Flush(queue.handle), "clFlush", name)
    if pending.count >= Self.pendingLimit { collectTimes() }
  }

  private func enqueue(
    _ launch: Launch, _ event: UnsafeMutablePointer<cl_event?>?
  ) throws(DeviceError) {
    try check(
      cl.EnqueueNDRangeKernel(
        queue.handle, launch.kernel.handle, cl_uint(launch.global.count), nil, launch.global,
        launch.local, 0, nil, event),
      "clEnqueueNDRangeKernel (\(launch.label))", name)
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    try queue.download(memory(try plan.output(output, for: bytes.count)), into: bytes)
  }

  var timings: [LaunchTiming] {
    collectTimes()
    return zip(launches, seconds).map { LaunchTiming(label: $0.label, seconds: $1, runs: runs) }
  }

  func overwrite(_ image: [UInt8]) throws { try queue.upload(image, image.count, to: arena) }

  func snapshot() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: plan.arena.bytes)
    try bytes.withUnsafeMutableBytes { try queue.download(arena, into: $0) }
    return bytes
  }

  private func memory(_ place: Plan.Place) -> OpenCLObject {
    switch place {
    case .arena(let slot): parts[slot]
    case .held(let holding, let part): held[holding].parts[part]
    case .state(let index): states[index]
    }
  }

  /// The kernel with all its arguments set; they do not change afterwards.
  private func prepare(
    _ launch: OpenCLLaunch, _ label: String, at memory: (Operand) -> OpenCLObject?
  ) throws(DeviceError) -> Launch {
    let program = try device.programs.program(launch.file, launch.defines, on: device)
    let kernel = try OpenCLObject(
      "clCreateKernel (\(label))", on: name, release: cl.ReleaseKernel
    ) { cl.CreateKernel(program.handle, launch.kernel, $0) }
    try checkWorkGroup(of: kernel, launch, label)
    var index: cl_uint = 0
    func set(_ value: UnsafeRawPointer, _ size: Int) throws(DeviceError) {
      try check(
        cl.SetKernelArg(kernel.handle, index, size, value),
        "clSetKernelArg (\(label), argument \(index))", name)
      index += 1
    }
    try set(launch.parameters, launch.parameters.count)
    for operand in launch.operands {
      // For an absent operand, pass any buffer; the kernel does not touch it.
      var memory = (memory(operand) ?? arena).handle
      try set(&memory, MemoryLayout<cl_mem>.size)
    }
    var items = cl_int(clamping: launch.items)
    try set(&items, MemoryLayout<cl_int>.size)
    return Launch(label: label, kernel: kernel, global: launch.global, local: launch.local)
  }

  private func checkWorkGroup(
    of kernel: OpenCLObject, _ launch: OpenCLLaunch, _ label: String
  ) throws(DeviceError) {
    var limit = 0
    try check(
      cl.GetKernelWorkGroupInfo(
        kernel.handle, device.id, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE),
        MemoryLayout<Int>.size, &limit, nil),
      "clGetKernelWorkGroupInfo (\(label))", name)
    let items = launch.local.reduce(1, *)
    guard items <= limit else {
      throw .workGroup(kernel: label, items: items, limit: limit, device: name)
    }
  }

  /// Adds up the times of launches since the last call; waits for those that have not finished.
  private func collectTimes() {
    if pending.isEmpty { return }
    try? queue.finish()
    for (launch, event) in pending {
      var start: cl_ulong = 0
      var end: cl_ulong = 0
      _ = cl.GetEventProfilingInfo(
        event, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil)
      _ = cl.GetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil)
      if end > start { seconds[launch] += Double(end - start) * 1e-9 }
      _ = cl.ReleaseEvent(event)
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Limit on pending events; drivers handle this many without problems.
  private static let pendingLimit = 1024
}
