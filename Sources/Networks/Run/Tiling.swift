/// One axis of a frame, cut into overlapping tiles of equal length.
///
/// Every tile is inside the axis, so a tile at a border ends with the frame and has the same zero
/// padding. The cores cover the axis without overlap.
struct Tiling: Hashable {
  struct Part: Hashable {
    /// Where the tile starts.
    let start: Int
    /// The range for which its result is used.
    let core: Range<Int>
  }

  /// Length of the axis after padding to the alignment.
  let padded: Int
  /// Length of every tile.
  let tile: Int
  let parts: [Part]

  /// - Parameters:
  ///   - tile: requested length; nil or more than the axis for one tile.
  ///   - halo: how much of a tile's result is wrong at ends that are not the frame's ends.
  /// - Returns: nil if a tile of that length has no core.
  init?(length: Int, tile wished: Int?, halo: Int, alignment: Int) {
    func up(_ n: Int) -> Int { (n + alignment - 1) / alignment * alignment }
    padded = up(length)
    let halo = up(halo)
    let tile = min(up(wished ?? length), padded)
    self.tile = tile
    guard tile < padded else {
      parts = [Part(start: 0, core: 0..<length)]
      return
    }
    let step = tile - 2 * halo
    guard step > 0 else { return nil }
    var parts: [Part] = []
    var done = 0
    while done < length {
      let start = min(parts.count * step, padded - tile)
      let end = start + tile == padded ? length : min(start + tile - halo, length)
      parts.append(Part(start: start, core: done..<end))
      done = end
    }
    self.parts = parts
  }
}
