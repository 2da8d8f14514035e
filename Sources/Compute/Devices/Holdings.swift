import Foundation

/// What a device holds for all its executables, each thing once, as long as an executable wants it.
///
/// `Memory` is a block of the device's memory that is freed with its last reference.
final class Holdings<Memory: AnyObject>: @unchecked Sendable {  // `lock` guards all that changes
  private let lock = NSLock()
  private var entries: [Holding: Entry] = [:]

  private struct Entry {
    weak var held: Held<Memory>?
    let identity: ObjectIdentifier
  }

  /// What is held for `holding`, made by `make` where nobody holds it yet: a block per tensor.
  ///
  /// What `make` gives is read by other queues and threads as soon as it returns.
  func held(
    _ holding: Holding, _ make: (Holding) throws(DeviceError) -> [Memory]
  ) throws(DeviceError) -> Held<Memory> {
    lock.lock()
    defer { lock.unlock() }
    if let held = entries[holding]?.held { return held }
    let held = Held(try make(holding), for: holding, in: self)
    entries[holding] = Entry(held: held, identity: ObjectIdentifier(held))
    return held
  }

  /// Bytes of all that is held.
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

  /// Forgets what is gone, unless it was made anew meanwhile.
  fileprivate func forget(_ holding: Holding, _ identity: ObjectIdentifier) {
    lock.lock()
    defer { lock.unlock() }
    if entries[holding]?.identity == identity { entries[holding] = nil }
  }
}

/// A holding in a device's memory, freed with its last reference.
final class Held<Memory: AnyObject> {
  /// A block per tensor.
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
