import COpenCL

/// A plan on an OpenCL device: one buffer, a part of it per tensor, one in-order queue.
final class OpenCLExecutable: Executable, @unchecked Sendable {
  let plan: Plan
  private let device: OpenCLDevice
  private let queue: cl_command_queue
  private let arena: cl_mem
  private let parts: [cl_mem]
  private var launches: [Launch] = []
  private let profiling: Bool
  private var pending: [(launch: Int, event: cl_event)] = []
  private var seconds: [Double] = []
  private var runs = 0

  private struct Launch {
    let label: String
    let kernel: cl_kernel
    let global: [Int]
    let local: [Int]
  }

  private var cl: glint_opencl { device.cl.calls }
  private var name: String { device.info.name }

  init(_ plan: Plan, on device: OpenCLDevice, profiling: Bool) throws(DeviceError) {
    self.plan = plan
    self.device = device
    self.profiling = profiling
    let cl = device.cl.calls
    let name = device.info.name
    let context = try device.context()
    var status: cl_int = 0
    let properties = profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    let queue = cl.CreateCommandQueue(context, device.id, properties, &status)
    try check(status, "clCreateCommandQueue", name)
    self.queue = queue!
    let arena = cl.CreateBuffer(
      context, cl_mem_flags(CL_MEM_READ_WRITE), plan.arena.bytes, nil, &status)
    if status == CL_MEM_OBJECT_ALLOCATION_FAILURE || status == CL_OUT_OF_RESOURCES {
      _ = cl.ReleaseCommandQueue(queue)
      throw .memory(
        needed: plan.arena.bytes, available: device.info.maxAllocation, device: name)
    }
    try check(status, "clCreateBuffer", name)
    self.arena = arena!
    var parts: [cl_mem] = []
    for slot in plan.arena.slots {
      var region = cl_buffer_region(origin: slot.offset, size: max(slot.type.bytes, 1))
      let part = cl.CreateSubBuffer(
        arena, cl_mem_flags(CL_MEM_READ_WRITE), cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION),
        &region, &status)
      try check(status, "clCreateSubBuffer", name)
      parts.append(part!)
    }
    self.parts = parts
    try fillZero()
    for (slot, tensor) in plan.constants { try upload(tensor.bytes, to: parts[slot]) }
    for step in plan.steps {
      guard case .openCL(let list) = step.choice.code,
        case .openCL(let first) = step.choice.preparing
      else { preconditionFailure("a plan for another device") }
      for launch in first {
        let ready = try prepare(launch, of: step)
        if step.preparesOnce { try runOnce(ready) } else { launches.append(ready) }
      }
      for launch in list { launches.append(try prepare(launch, of: step)) }
    }
    seconds = Array(repeating: 0, count: launches.count)
  }

  deinit {
    _ = cl.Finish(queue)
    for (_, event) in pending { _ = cl.ReleaseEvent(event) }
    for launch in launches { _ = cl.ReleaseKernel(launch.kernel) }
    for part in parts { _ = cl.ReleaseMemObject(part) }
    _ = cl.ReleaseMemObject(arena)
    _ = cl.ReleaseCommandQueue(queue)
  }

  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    let index = plan.inputs[input]
    let slot = try plan.input(input)
    let count = min(bytes.count, slot.type.bytes)
    guard count > 0, let index else { return }
    try check(
      cl.EnqueueWriteBuffer(
        queue, parts[index], cl_bool(CL_TRUE), 0, count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueWriteBuffer", name)
  }

  func run() throws {
    runs += 1
    for index in launches.indices {
      let launch = launches[index]
      var event: cl_event?
      let status = withUnsafeMutablePointer(to: &event) { pointer in
        cl.EnqueueNDRangeKernel(
          queue, launch.kernel, cl_uint(launch.global.count), nil, launch.global, launch.local, 0,
          nil, profiling ? pointer : nil)
      }
      try check(status, "clEnqueueNDRangeKernel (\(launch.label))", name)
      if let event { pending.append((index, event)) }
    }
    try check(cl.Flush(queue), "clFlush", name)
  }

  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    let slot = try plan.output(output)
    let count = min(bytes.count, slot.type.bytes)
    guard count > 0 else { return }
    try check(
      cl.EnqueueReadBuffer(
        queue, parts[plan.outputs[output]!], cl_bool(CL_TRUE), 0, count, bytes.baseAddress, 0, nil,
        nil),
      "clEnqueueReadBuffer", name)
    collectTimes()
  }

  var timings: [LaunchTiming] {
    zip(launches, seconds).map { LaunchTiming(label: $0.label, seconds: $1, runs: runs) }
  }

  func overwrite(_ image: [UInt8]) throws { try upload(image, to: arena) }

  func snapshot() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: plan.arena.bytes)
    try check(
      cl.EnqueueReadBuffer(
        queue, arena, cl_bool(CL_TRUE), 0, bytes.count, &bytes, 0, nil, nil),
      "clEnqueueReadBuffer", name)
    return bytes
  }

  private func fillZero() throws(DeviceError) {
    var zero: UInt32 = 0
    try check(
      cl.EnqueueFillBuffer(queue, arena, &zero, 4, 0, plan.arena.bytes / 4 * 4, 0, nil, nil),
      "clEnqueueFillBuffer", name)
  }

  private func upload(_ bytes: [UInt8], to memory: cl_mem) throws(DeviceError) {
    if bytes.isEmpty { return }
    try check(
      cl.EnqueueWriteBuffer(
        queue, memory, cl_bool(CL_TRUE), 0, bytes.count, bytes, 0, nil, nil),
      "clEnqueueWriteBuffer", name)
  }

  /// The kernel with all its arguments set; they never change.
  private func prepare(
    _ launch: OpenCLLaunch, of step: Plan.Step
  ) throws(DeviceError) -> Launch {
    let program = try device.programs.program(launch.file, launch.defines, on: device)
    var status: cl_int = 0
    let kernel = cl.CreateKernel(program, launch.kernel, &status)
    let label = "\(step.op.name)/\(launch.kernel)"
    try check(status, "clCreateKernel (\(label))", name)
    var index: cl_uint = 0
    func set(_ value: [UInt8]) throws(DeviceError) {
      try check(
        cl.SetKernelArg(kernel, index, value.count, value), "clSetKernelArg (\(label), \(index))",
        name)
      index += 1
    }
    try set(launch.parameters)
    for operand in launch.operands {
      // An absent operand is a buffer that the kernel never touches.
      let memory: cl_mem? = step.slot(operand).map { parts[$0] } ?? arena
      try set(withUnsafeBytes(of: memory, Array.init))
    }
    try set(withUnsafeBytes(of: Int32(clamping: launch.items), Array.init))
    return Launch(label: label, kernel: kernel!, global: launch.global, local: launch.local)
  }

  /// Starts a launch that no later run repeats.
  private func runOnce(_ launch: Launch) throws(DeviceError) {
    defer { _ = cl.ReleaseKernel(launch.kernel) }
    try check(
      cl.EnqueueNDRangeKernel(
        queue, launch.kernel, cl_uint(launch.global.count), nil, launch.global, launch.local, 0,
        nil, nil),
      "clEnqueueNDRangeKernel (\(launch.label))", name)
  }

  private func collectTimes() {
    for (launch, event) in pending {
      var start: cl_ulong = 0
      var end: cl_ulong = 0
      _ = cl.GetEventProfilingInfo(
        event, cl_profiling_info(CL_PROFILING_COMMAND_START), 8, &start, nil)
      _ = cl.GetEventProfilingInfo(event, cl_profiling_info(CL_PROFILING_COMMAND_END), 8, &end, nil)
      seconds[launch] += Double(end &- start) * 1e-9
      _ = cl.ReleaseEvent(event)
    }
    pending.removeAll(keepingCapacity: true)
  }
}
