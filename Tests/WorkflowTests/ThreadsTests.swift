import Foundation
import Reporting
import Synchronization
import Testing

@testable import Reporting

@Suite struct ThreadsTests {
  @Test(arguments: [0, 1, 2, 7, 1000])
  func everyNumberIsSharedOutOnce(_ count: Int) {
    let seen = Guarded([Int](repeating: 0, count: count))
    Threads.share(count) { number in seen.withLock { $0[number] += 1 } }
    #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func sharesMayBeSharedAgain() {
    let sum = Atomic<Int>(0)
    Threads.share(20) { outer in
      Threads.share(20) { inner in sum.add(20 * outer + inner, ordering: .relaxed) }
    }
    let total = sum.load(ordering: .relaxed)
    #expect(total == 400 * 399 / 2)
  }

  @Test func aThreadDoesItsWork() throws {
    final class Record: Sendable {
      let worker = Guarded<pthread_t?>(nil)
      let done = DispatchSemaphore(value: 0)
    }
    let record = Record()
    try Threads.start {
      record.worker.withLock { $0 = pthread_self() }
      record.done.signal()
    }
    record.done.wait()
    #expect(record.worker.withLock { $0.map { pthread_equal($0, pthread_self()) } } == 0)
  }

  @Test func aThreadThatCannotStartIsExplained() {
    let error = ThreadError(code: EAGAIN)
    #expect(error.message.text() == "no further thread can start: resource temporarily unavailable")
    #expect(error.remedy != nil)
  }
}
