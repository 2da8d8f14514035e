import CFuzzer
import Foundation

// The reader is named by the environment, since libFuzzer starts itself again with its own arguments.
let name = ProcessInfo.processInfo.environment["GLINT_FUZZ_READER"] ?? ""
guard let reader = FuzzedReader.all.first(where: { $0.name == name }) else {
  print(FuzzedReader.all.map(\.name).joined(separator: "\n"))
  exit(name.isEmpty ? 0 : 2)
}
let target = FuzzTarget(reader)
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
glint_count_memory()
exit(
  LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    target.run(UnsafeBufferPointer(start: bytes, count: count))
    return 0
  })
