/// Whether checksums of files are verified. The fuzzer's build skips them, because a changed byte would
/// otherwise never reach the code behind them.
package enum Checksums {
  #if GLINT_FUZZ
    package static let areVerified = false
  #else
    package static let areVerified = true
  #endif
}
