/// Limits the memory for a file's contents in proportion to its size, so that a small file that
/// refers to the same bytes many times cannot exhaust memory.
package struct Allowance {
  private var left: Int

  /// - Parameter file: size of the file, bytes.
  package init(file: Int) { left = Self.largest(file: file) }

  /// 256 MB, or sixteen times the file if that is more. A size that overflows is not that of a file.
  package static func largest(file: Int) -> Int {
    let (bytes, overflow) = file.multipliedReportingOverflow(by: 16)
    return overflow ? 1 << 28 : max(1 << 28, bytes)
  }

  package mutating func take(_ count: Int) throws(FileFault) {
    guard count <= left else {
      throw FileFault(
        "unpacks to more than sixteen times its size",
        hint: "real data do not compress this well; check that the file is valid")
    }
    left -= count
  }
}
