import Reporting

/// Keeps the values that were used last, up to a total cost. A value that several threads want at
/// the same time is made once.
final class RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  /// Its lock is held while the value is made.
  private final class Slot: Sendable {
    let value = Guarded<Value?>(nil)
  }

  private struct Entry {
    let slot: Slot
    let cost: Int
    var used: Int
  }

  private struct State {
    var entries: [Key: Entry] = [:]
    var cost = 0
    var clock = 0
  }

  private let state = Guarded(State())
  private let most: Int

  /// - Parameter most: total cost; one value is kept even if it costs more.
  init(most: Int) { self.most = most }

  /// The value of `key`, kept or made now. Nothing is kept if `make` throws.
  func value(
    _ key: Key, cost: Int, make: () throws(MovieError) -> Value
  ) throws(MovieError) -> Value {
    let slot = state.withLock { state in
      state.clock += 1
      if state.entries[key] != nil {
        state.entries[key]!.used = state.clock
        return state.entries[key]!.slot
      }
      let slot = Slot()
      state.entries[key] = Entry(slot: slot, cost: cost, used: state.clock)
      state.cost += cost
      while state.cost > most, state.entries.count > 1,
        let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
      {
        state.entries[oldest.key] = nil
        state.cost -= oldest.value.cost
      }
      return slot
    }
    return try slot.value.withLock { value throws(MovieError) in
      if let value { return value }
      let made = try make()
      value = made
      return made
    }
  }
}
