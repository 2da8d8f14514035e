import CFuzzer
import Foundation

/// The reader, which the environment names: libFuzzer starts itself again with its own arguments.
private let name = ProcessInfo.processInfo.environment["GLINT_FUZZ_READER"] ?? ""
private let target = FuzzedReader.all.first { $0.name == name }.map(FuzzTarget.init)

/// libFuzzer has the main function, and calls this first. Without a name it prints all of them.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_: UnsafePointer<CInt>, _: UnsafeRawPointer) -> CInt {
  guard target != nil else {
    print(FuzzedReader.all.map(\.name).joined(separator: "\n"))
    exit(name.isEmpty ? 0 : 2)
  }
  glint_count_memory()
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  target?.run(UnsafeBufferPointer(start: bytes, count: count))
  return 0
}
