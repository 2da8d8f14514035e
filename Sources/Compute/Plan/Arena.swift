/// A tensor's place in the arena.
package struct Slot: Hashable, Sendable {
  package let type: TensorType
  /// First byte, from the start of the arena.
  package let offset: Int
  /// The nodes of the graph during which its content must be preserved.
  package let life: ClosedRange<Int>
  let label: String

  package var range: Range<Int> { offset..<offset + max(type.bytes, 1) }
}

/// One allocation that holds every tensor of a plan; tensors that are not needed at the same time
/// share memory.
package struct Arena: Sendable {
  package let slots: [Slot]
  /// Size of the allocation.
  package let bytes: Int
  /// Total size if every tensor had its own memory.
  package let separate: Int

  /// Places the largest tensors first, each at the lowest offset that is free during its life.
  ///
  /// - Parameter guarded: gives every tensor its own memory with a guard zone around it, for tests
  ///   that look for stray writes.
  package init(
    _ requests: [(type: TensorType, life: ClosedRange<Int>, label: String)], alignment: Int,
    guarded: Bool
  ) {
    let zone = guarded ? Self.guardZone : 0
    func aligned(_ n: Int) -> Int { (n + alignment - 1) / alignment * alignment }
    var placed: [Slot?] = Array(repeating: nil, count: requests.count)
    var end = 0
    for index in requests.indices.sorted(by: { requests[$0].type.bytes > requests[$1].type.bytes })
    {
      let request = requests[index]
      let size = max(request.type.bytes, 1) + zone
      var offset = aligned(zone)
      let neighbours = placed.compactMap { $0 }
        .filter { guarded || $0.life.overlaps(request.life) }
        .sorted { $0.offset < $1.offset }
      for other in neighbours {
        if offset + size <= other.offset { break }
        offset = max(offset, aligned(other.range.upperBound + zone))
      }
      placed[index] = Slot(
        type: request.type, offset: offset, life: request.life, label: request.label)
      end = max(end, offset + size)
    }
    slots = placed.map { $0! }
    bytes = max(aligned(end), alignment)
    separate = requests.reduce(0) { $0 + aligned(max($1.type.bytes, 1)) }
  }

  package static let guardZone = 256
}
