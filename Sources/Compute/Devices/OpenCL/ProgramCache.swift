import COpenCL
import Foundation

/// Built programs of one device: from memory, else from its `ProgramStore`, else compiled.
///
/// `@unchecked Sendable`: `lock` guards all mutable state.
package final class ProgramCache: @unchecked Sendable {
  private var programs: [String: OpenCLObject] = [:]
  private let store: ProgramStore?
  private let lock = NSLock()
  private var counts = (compiled: 0, loaded: 0)

  init(store: ProgramStore?) { self.store = store }

  /// How many programs came from the compiler and how many from the store.
  package var origins: (compiled: Int, loaded: Int) { lock.withLock { counts } }

  /// The program for a file with these defines, built at most once per device and process.
  ///
  /// Throws `DeviceError.build` with the driver's log.
  func program(
    _ file: String, _ defines: [String: String], on device: OpenCLDevice
  ) throws(DeviceError) -> OpenCLObject {
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
    let program: OpenCLObject
    if let binary = store?.read(text), let loaded = load(binary, on: device) {
      program = loaded
      counts.loaded += 1
    } else {
      program = try compile(text, file, settings, on: device)
      counts.compiled += 1
      if let store, let binary = binary(of: program, device) { store.write(binary, for: text) }
    }
    programs[key] = program
    return program
  }

  private func compile(
    _ text: String, _ file: String, _ settings: String, on device: OpenCLDevice
  ) throws(DeviceError) -> OpenCLObject {
    let cl = device.cl.calls
    let name = device.info.name
    let context = try device.context()
    let program = try OpenCLObject(
      "clCreateProgramWithSource (\(file))", on: name, release: cl.ReleaseProgram
    ) { status in
      text.withCString { pointer in
        var source: UnsafePointer<CChar>? = pointer
        return cl.CreateProgramWithSource(context, 1, &source, nil, status)
      }
    }
    guard build(program, device) else {
      throw .build(kernel: file, defines: settings, device: name, log: buildLog(program, device))
    }
    return program
  }

  /// A program from a stored binary; nil if the driver rejects it, so that it is compiled instead.
  private func load(_ binary: [UInt8], on device: OpenCLDevice) -> OpenCLObject? {
    let cl = device.cl.calls
    guard let context = try? device.context() else { return nil }
    let program = try? OpenCLObject(
      "clCreateProgramWithBinary", on: device.info.name, release: cl.ReleaseProgram
    ) { status in
      binary.withUnsafeBufferPointer { bytes in
        var id: cl_device_id? = device.id
        var length = bytes.count
        var pointer = bytes.baseAddress
        return cl.CreateProgramWithBinary(context, 1, &id, &length, &pointer, nil, status)
      }
    }
    return program.flatMap { build($0, device) ? $0 : nil }
  }

  private func build(_ program: OpenCLObject, _ device: OpenCLDevice) -> Bool {
    var id: cl_device_id? = device.id
    return device.cl.calls.BuildProgram(program.handle, 1, &id, device.options, nil, nil)
      == CL_SUCCESS
  }

  private func buildLog(_ program: OpenCLObject, _ device: OpenCLDevice) -> String {
    let cl = device.cl.calls
    let key = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    _ = cl.GetProgramBuildInfo(program.handle, device.id, key, 0, nil, &size)
    guard size > 1 else { return "(the driver gave no log)" }
    var bytes = [UInt8](repeating: 0, count: size)
    _ = cl.GetProgramBuildInfo(program.handle, device.id, key, size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func binary(of program: OpenCLObject, _ device: OpenCLDevice) -> [UInt8]? {
    let cl = device.cl.calls
    var size = 0
    guard
      cl.GetProgramInfo(
        program.handle, cl_program_info(CL_PROGRAM_BINARY_SIZES), MemoryLayout<Int>.size, &size, nil
      )
        == CL_SUCCESS, size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return cl.GetProgramInfo(
        program.handle, cl_program_info(CL_PROGRAM_BINARIES),
        MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &pointer, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }
}
