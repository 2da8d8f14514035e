import Foundation
import Reporting

/// What a run tells. A lock guards it.
package final class Notes: Observer, @unchecked Sendable {
  private let lock = NSLock()
  private var noted: [String] = []
  private var steps: [RunProgress] = []

  package init() {}

  package var lines: [String] { lock.withLock { noted } }
  package var progress: [RunProgress] { lock.withLock { steps } }

  package func note(_ line: Message) { lock.withLock { noted.append(line.text()) } }
  package func progress(_ progress: RunProgress) { lock.withLock { steps.append(progress) } }
}
