import Compute

/// The executable that a worker used last, and what it was made for.
///
/// It is made anew for another key: a batch of another shape, or more room. The old memory is freed
/// before more is allocated.
struct LastExecutable<Key: Equatable> {
  private var ready: (key: Key, executable: any Executable)?
  private var record = PlanRecord()

  mutating func executable(
    for key: Key, make: () throws -> any Executable
  ) rethrows -> any Executable {
    if let ready, ready.key == key { return ready.executable }
    drop()
    let executable = try make()
    record.begin(executable)
    ready = (key, executable)
    return executable
  }

  private mutating func drop() {
    if let ready { record.end(ready.executable) }
    ready = nil
  }

  /// Releases the executable and returns all plans and times.
  mutating func finish() -> PlanRecord {
    drop()
    return record
  }
}
