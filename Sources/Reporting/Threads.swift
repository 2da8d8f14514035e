import Foundation
import Synchronization

/// Threads whose start can fail, as it does under a limit on processes (`ulimit -u`).
///
/// Foundation and Dispatch do not report such a failure: the work is then never done, and whoever
/// waits for it waits for ever.
package enum Threads {
  /// Does `work` on a thread of its own.
  package static func start(_ work: @escaping @Sendable () -> Void) throws(ThreadError) {
    let thread = try create(work)
    pthread_detach(thread)
  }

  /// Calls `work` with each number below `count`, on as many threads as the machine has cores, and
  /// returns when all calls are done.
  ///
  /// The calling thread takes part. If no further thread can start, the threads that did start do
  /// everything.
  package static func share(_ count: Int, _ work: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(work) { work in
      let numbers = Numbers(below: count)
      let takePart: @Sendable () -> Void = { while let number = numbers.next() { work(number) } }
      var helpers: [pthread_t] = []
      while helpers.count + 1 < min(count, cores), let helper = try? create(takePart) {
        helpers.append(helper)
      }
      takePart()
      for helper in helpers { pthread_join(helper, nil) }
    }
  }

  /// Gives each number to one thread.
  private final class Numbers: Sendable {
    private let given = Atomic<Int>(0)
    private let count: Int

    init(below count: Int) { self.count = count }

    func next() -> Int? {
      let number = given.add(1, ordering: .relaxed).oldValue
      return number < count ? number : nil
    }
  }

  private static let cores = ProcessInfo.processInfo.activeProcessorCount

  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private static func create(_ body: @escaping @Sendable () -> Void) throws(ThreadError)
    -> pthread_t
  {
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        argument.map { Unmanaged<Work>.fromOpaque($0).takeRetainedValue().body() }
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw ThreadError(code: code)
    }
    return thread
  }
}

/// A thread could not start.
package struct ThreadError: Fault {
  package let code: Int32

  package var message: Message {
    "no further thread can start: \(String(cString: strerror(code)).lowercased())"
  }

  package var remedy: Message? {
    "end other programs of yours, or raise the limit on processes (`ulimit -u`, or the pids limit "
      + "of the container)"
  }
}
