import Foundation
import Reporting
import Synchronization
import Testing

@Suite struct ThreadsTests {
  @Test(arguments: [0, 1, 2, 7, 1000])
  func everyNumberIsSharedOutOnce(_ count: Int) {
    let seen = Mutex([Int](repeating: 0, count: count))
    Threads.share(count) { number in seen.withLock { $0[number] += 1 } }
    #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
  }

  @Test func sharesMayBeSharedAgain() {
    let sum = Atomic<Int>(0)
    Threads.share(20) { outer in
      Threads.share(20) { inner in sum.add(20 * outer + inner, ordering: .relaxed) }
    }
    #expect(sum.load(ordering: .relaxed) == 400 * 399 / 2)
  }

  @Test func aThreadDoesItsWork() throws {
    let (done, main) = (DispatchSemaphore(value: 0), pthread_self())
    let isOther = Atomic<Bool>(false)
    try withoutActuallyEscaping({ @Sendable in
      isOther.store(pthread_equal(main, pthread_self()) == 0, ordering: .relaxed)
      done.signal()
    }) {
      try Threads.start($0)
      done.wait()
    }
    #expect(isOther.load(ordering: .relaxed))
  }

  @Test func aThreadThatCannotStartIsExplained() {
    let error = ThreadError(code: EAGAIN)
    #expect(error.message.text() == "no further thread can start: resource temporarily unavailable")
    #expect(error.remedy != nil)
  }
}
