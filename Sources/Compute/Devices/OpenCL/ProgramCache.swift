import COpenCL
import Foundation

/// Built programs of one device: in memory, and on disk where the driver keeps no cache of its own.
final class ProgramCache: @unchecked Sendable {
  private var programs: [String: cl_program] = [:]
  private let lock = NSLock()

  /// The program for a file with these defines, built at most once per process.
  ///
  /// Throws `DeviceError.build` with the driver's log.
  func program(
    _ file: String, _ defines: [String: String], on device: OpenCLDevice
  ) throws(DeviceError) -> cl_program {
    lock.lock()
    defer { lock.unlock() }
    let settings = defines.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      .joined(separator: " ")
    let key = "\(file) \(settings)"
    if let program = programs[key] { return program }
    guard let text = KernelText.assemble(file, defines: defines) else {
      throw .build(
        kernel: file, defines: settings, device: device.info.name,
        log: "the file, or one that it includes, is not part of this build")
    }
    let program = try build(text, file, settings, on: device)
    programs[key] = program
    return program
  }

  private func build(
    _ text: String, _ file: String, _ settings: String, on device: OpenCLDevice
  ) throws(DeviceError) -> cl_program {
    let stored = DiskEntry(text: text, device: device)
    if let binary = stored?.read(), let program = try load(binary, on: device) { return program }
    let cl = device.cl.calls
    var status: cl_int = 0
    let context = try device.context()
    let program = text.withCString { pointer in
      var source: UnsafePointer<CChar>? = pointer
      return cl.CreateProgramWithSource(context, 1, &source, nil, &status)
    }
    try check(status, "clCreateProgramWithSource", device.info.name)
    var id: cl_device_id? = device.id
    guard cl.BuildProgram(program, 1, &id, device.options, nil, nil) == CL_SUCCESS else {
      let log = buildLog(program!, device)
      _ = cl.ReleaseProgram(program)
      throw .build(kernel: file, defines: settings, device: device.info.name, log: log)
    }
    if let stored, let binary = binary(of: program!, device) { stored.write(binary) }
    return program!
  }

  /// A program from a stored binary; nil where the driver refuses it, which only means: compile.
  private func load(_ binary: [UInt8], on device: OpenCLDevice) throws(DeviceError) -> cl_program? {
    let cl = device.cl.calls
    let context = try device.context()
    return binary.withUnsafeBufferPointer { bytes in
      var id: cl_device_id? = device.id
      var length = bytes.count
      var pointer = bytes.baseAddress
      var status: cl_int = 0
      guard
        let program = cl.CreateProgramWithBinary(
          context, 1, &id, &length, &pointer, nil, &status), status == CL_SUCCESS
      else { return nil }
      if cl.BuildProgram(program, 1, &id, device.options, nil, nil) == CL_SUCCESS { return program }
      _ = cl.ReleaseProgram(program)
      return nil
    }
  }

  private func buildLog(_ program: cl_program, _ device: OpenCLDevice) -> String {
    let cl = device.cl.calls
    var size = 0
    _ = cl.GetProgramBuildInfo(
      program, device.id, cl_program_build_info(CL_PROGRAM_BUILD_LOG), 0, nil, &size)
    guard size > 1 else { return "(the driver gave no log)" }
    var bytes = [UInt8](repeating: 0, count: size)
    _ = cl.GetProgramBuildInfo(
      program, device.id, cl_program_build_info(CL_PROGRAM_BUILD_LOG), size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func binary(of program: cl_program, _ device: OpenCLDevice) -> [UInt8]? {
    let cl = device.cl.calls
    var size = 0
    guard
      cl.GetProgramInfo(
        program, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil)
        == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return cl.GetProgramInfo(
        program, cl_program_info(CL_PROGRAM_BINARIES),
        MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &pointer, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }
}

/// A file in the user's cache folder. Any failure to read or write it only means: compile.
private struct DiskEntry {
  let path: URL

  /// nil where the driver keeps its own cache (NVIDIA, PoCL), or the folder cannot be made.
  init?(text: String, device: OpenCLDevice) {
    let driver = device.info.driver
    if driver.contains("CUDA") || driver.contains("PoCL") || driver.contains("pocl") { return nil }
    let home = ProcessInfo.processInfo.environment
    guard
      let base = home["XDG_CACHE_HOME"].map({ URL(fileURLWithPath: $0) })
        ?? home["HOME"].map({ URL(fileURLWithPath: $0).appendingPathComponent(".cache") })
    else { return nil }
    let folder = base.appendingPathComponent("glint/programs")
    guard
      (try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true))
        != nil
    else { return nil }
    let key = [text, device.options, device.info.hardware, driver].joined(separator: "\u{0}")
    path = folder.appendingPathComponent(Self.digest(key))
  }

  func read() -> [UInt8]? { (try? Data(contentsOf: path)).map(Array.init) }

  func write(_ binary: [UInt8]) {
    let temporary = path.appendingPathExtension("\(getpid())")
    guard (try? Data(binary).write(to: temporary)) != nil else { return }
    if rename(temporary.path, path.path) != 0 { unlink(temporary.path) }
  }

  /// 128 bits of FNV-1a from two offsets: names a file, guards nothing.
  private static func digest(_ text: String) -> String {
    func hash(_ offset: UInt64) -> UInt64 {
      text.utf8.reduce(offset) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }
    return [0xcbf2_9ce4_8422_2325, 0x8422_2325_cbf2_9ce4]
      .map { String(hash($0), radix: 16) }.joined(separator: "-")
  }
}
