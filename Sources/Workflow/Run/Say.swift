import Foundation

/// Writes a line for a person to stderr; stdout is for data.
///
/// A closed or full stderr is no reason to lose a run, so failures are passed over.
package func say(_ line: String) { mutter(line + "\n") }

/// Writes text as it is to stderr.
func mutter(_ text: String) {
  var text = text
  text.withUTF8 { bytes in
    var sent = 0
    while sent < bytes.count {
      let count = write(STDERR_FILENO, bytes.baseAddress! + sent, bytes.count - sent)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      sent += count
    }
  }
}
