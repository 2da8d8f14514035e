/// One axis of a frame cut into equal, overlapping tiles.
///
/// Every tile lies within the axis, so that a tile at a border ends where the frame ends and sees the
/// same zeros beyond it; the cores cover the axis without overlap.
struct Tiling: Hashable {
  struct Part: Hashable {
    /// Where the tile begins.
    let start: Int
    /// What it is good for.
    let core: Range<Int>
  }

  /// The axis with what makes it a multiple of the alignment.
  let padded: Int
  /// Length of every tile.
  let tile: Int
  let parts: [Part]

  /// - Parameters:
  ///   - tile: wished length; nil or longer than the axis for one tile.
  ///   - halo: how much of a tile's ends is wrong when the tile ends there and the frame does not.
  /// - Returns: nil where a tile of that length has no core.
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
