import COpenCL

/// A plan on an OpenCL device: one buffer, a part of it per tensor, one in-order queue.
final class OpenCLExecutable: Executable, @unchecked Sendable {
  let plan: Plan
  private let device: OpenCLDevice
  private let queue: OpenCLObject
  private let arena: OpenCLObject
  private let parts: [OpenCLObject]
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

  /// Throws `DeviceError`: memory, a kernel that does not build or whose work-group is too large, or
  /// any other call that fails.
  init(_ plan: Plan, on device: OpenCLDevice, profiling: Bool) throws(DeviceError) {
    self.plan = plan
    self.device = device
    self.profiling = profiling
    let cl = device.cl.calls
    let name = device.info.name
    let context = try device.context()
    queue = try OpenCLObject("clCreateCommandQueue", on: name, release: cl.ReleaseCommandQueue) {
      cl.CreateCommandQueue(
        context, device.id,
        profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0, $0)
    }
    let arena: OpenCLObject
    do {
      arena = try OpenCLObject("clCreateBuffer", on: name, release: cl.ReleaseMemObject) {
        cl.CreateBuffer(context, cl_mem_flags(CL_MEM_READ_WRITE), plan.arena.bytes, nil, $0)
      }
      // Many drivers take memory at the first use of a buffer, not when they make it.
      var zero: UInt32 = 0
      try check(
        cl.EnqueueFillBuffer(
          queue.handle, arena.handle, &zero, 4, 0, plan.arena.bytes, 0, nil, nil),
        "clEnqueueFillBuffer", name)
      try check(cl.Finish(queue.handle), "clFinish", name)
    } catch {
      throw error.asMemory(plan.arena.bytes, name)
    }
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
    for (slot, tensor) in plan.constants {
      try upload(tensor.bytes, tensor.bytes.count, to: parts[slot])
    }
    for step in plan.steps {
      guard case .openCL(let list) = step.choice.code,
        case .openCL(let first) = step.choice.preparing
      else { preconditionFailure("a plan for another device") }
      for launch in first {
        let ready = try prepare(launch, of: step)
        if step.preparesOnce { try enqueue(ready, nil) } else { launches.append(ready) }
      }
      for launch in list { launches.append(try prepare(launch, of: step)) }
    }
    seconds = Array(repeating: 0, count: launches.count)
  }

  deinit {
    _ = cl.Finish(queue.handle)
    for (_, event) in pending { _ = cl.ReleaseEvent(event) }
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    let slot = try plan.slot(input, in: plan.inputs, for: bytes.count)
    try upload(bytes.baseAddress, bytes.count, to: parts[slot])
  }

  func run() throws {
    runs += 1
    for index in launches.indices {
      var event: cl_event?
      try withUnsafeMutablePointer(to: &event) { try enqueue(launches[index], profiling ? $0 : nil) }
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
    let slot = try plan.slot(output, in: plan.outputs, for: bytes.count)
    try download(parts[slot], into: bytes)
  }

  var timings: [LaunchTiming] {
    collectTimes()
    return zip(launches, seconds).map { LaunchTiming(label: $0.label, seconds: $1, runs: runs) }
  }

  func overwrite(_ image: [UInt8]) throws { try upload(image, image.count, to: arena) }

  func snapshot() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: plan.arena.bytes)
    try bytes.withUnsafeMutableBytes { try download(arena, into: $0) }
    return bytes
  }

  private func upload(
    _ bytes: UnsafeRawPointer?, _ count: Int, to memory: OpenCLObject
  ) throws(DeviceError) {
    if count == 0 { return }
    try check(
      cl.EnqueueWriteBuffer(
        queue.handle, memory.handle, cl_bool(CL_TRUE), 0, count, bytes, 0, nil, nil),
      "clEnqueueWriteBuffer", name)
  }

  /// Waits for the queue, even where there is nothing to copy.
  private func download(
    _ memory: OpenCLObject, into bytes: UnsafeMutableRawBufferPointer
  ) throws(DeviceError) {
    if bytes.isEmpty { return try check(cl.Finish(queue.handle), "clFinish", name) }
    try check(
      cl.EnqueueReadBuffer(
        queue.handle, memory.handle, cl_bool(CL_TRUE), 0, bytes.count, bytes.baseAddress, 0, nil,
        nil),
      "clEnqueueReadBuffer", name)
  }

  /// The kernel with all its arguments set; they never change.
  private func prepare(
    _ launch: OpenCLLaunch, of step: Plan.Step
  ) throws(DeviceError) -> Launch {
    let label = "\(step.op.name)/\(launch.kernel)"
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
      // An absent operand is a buffer that the kernel never touches.
      var memory = (step.slot(operand).map { parts[$0] } ?? arena).handle
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

  /// Adds up the times of launches since the last call, waiting for those that have not ended.
  private func collectTimes() {
    if pending.isEmpty { return }
    _ = cl.Finish(queue.handle)
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

  /// So many events a driver holds without complaint.
  private static let pendingLimit = 1024
}

extension DeviceError {
  /// The same, said as a lack of memory where the driver's code means that.
  fileprivate func asMemory(_ needed: Int, _ device: String) -> DeviceError {
    guard case .call(_, let code, _) = self,
      [
        CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY,
        CL_INVALID_BUFFER_SIZE,
      ].contains(cl_int(code))
    else { return self }
    return .memory(needed: needed, available: nil, device: device)
  }
}
