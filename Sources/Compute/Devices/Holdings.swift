import Foundation

/// What a device holds for all its executables: each item once, as long as an executable uses it.
///
/// `Memory` is a block of the device's memory that is freed with its last reference.
/// `@unchecked Sendable`: `lock` guards all mutable state.
final class Holdings<Memory: AnyObject>: @unchecked Sendable {
  private let lock = NSLock()
  private var entries: [Holding: Entry] = [:]

  /// A class, because a weak reference is never to be copied: the runtime of Swift 6.3 may crash when
  /// its object is being freed meanwhile.
  private final class Entry {
    weak var held: Held<Memory>?
    let identity: ObjectIdentifier

    init(_ held: Held<Memory>) {
      self.held = held
      identity = ObjectIdentifier(held)
    }
  }

  /// The blocks of `holding`, one per tensor; `make` creates them if they do not exist yet.
  ///
  /// Other queues and threads may read the result of `make` as soon as it returns.
  func held(
    _ holding: Holding, _ make: (Holding) throws(DeviceError) -> [Memory]
  ) throws(DeviceError) -> Held<Memory> {
    lock.lock()
    defer { lock.unlock() }
    if let held = entries[holding]?.held { return held }
    let held = Held(try make(holding), for: holding, in: self)
    entries[holding] = Entry(held)
    return held
  }

  /// Bytes of everything held.
  var bytes: Int {
    lock.lock()
    defer { lock.unlock() }
    return entries.keys.reduce(0) { $0 + $1.bytes }
  }

  func contains(_ holding: Holding) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return entries[holding] != nil
  }

  /// Removes an entry that has been freed, unless it was made again in the meantime.
  fileprivate func forget(_ holding: Holding, _ identity: ObjectIdentifier) {
    lock.lock()
    defer { lock.unlock() }
    if entries[holding]?.identity == identity { entries[holding] = nil }
  }
}

/// One holding in a device's memory, freed with its last reference.
final class Held<Memory: AnyObject> {
  /// One block per tensor.
  let parts: [Memory]
  private let holding: Holding
  private let holdings: Holdings<Memory>

  fileprivate init(_ parts: [Memory], for holding: Holding, in holdings: Holdings<Memory>) {
    self.parts = parts
    self.holding = holding
    self.holdings = holdings
  }

  deinit { holdings.forget(holding, ObjectIdentifier(self)) }
}
