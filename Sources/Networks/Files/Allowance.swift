/// How many bytes the contents of a file may take: in step with its size, so that a small file that
/// says the same bytes over and over cannot exhaust the memory.
struct Allowance {
  private var left: Int

  /// - Parameter file: size of the file, bytes.
  init(file: Int) { left = max(1 << 28, file.multipliedReportingOverflow(by: 16).partialValue) }

  mutating func take(_ count: Int) throws(FileFault) {
    guard count <= left else {
      throw FileFault(
        "unpacks to more than sixteen times its size",
        hint: "weights are not packed that tightly: is the file what it says?")
    }
    left -= count
  }
}
