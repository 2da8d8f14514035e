import Compute
import Networks

/// A network made ready for batches of a movie: one run is a run over every tile and every few frames.
final class NetworkExecutable: Executable {
  let network: TiledNetwork
  /// What the last run found.
  private var list = EmitterList()

  /// Frames of the last run's stack before those that it answers for.
  private(set) var leading = 0
  /// Frames of the batches for which it was made.
  let frames: Int

  init(_ network: TiledNetwork, frames: Int) {
    self.network = network
    self.frames = frames
  }

  /// Finds the emitters of the stack's `frames`.
  func run(
    _ stack: FrameStack, answering frames: Range<Int>, meanwhile: (Double) throws -> Void
  ) throws {
    leading = frames.lowerBound
    try network.list(
      stack, answering: frames, continuing: true, into: &list, meanwhile: meanwhile)
  }

  /// The capacity of a batch in which every run has room for `most` entries.
  func capacity(for most: Int) -> Int { (most + network.batch - 1) / network.batch * frames }

  /// Hands what was found over, in exchange for room that is not needed any more.
  func take(_ list: inout EmitterList) { swap(&self.list, &list) }

  // One run over one tile, for those who look at plans and times.
  private var tile: any Executable { network.executable }
  var plan: Plan { tile.plan }
  var timings: [LaunchTiming] { tile.timings }
  func write(_ input: String, _ bytes: UnsafeRawBufferPointer) throws {
    try tile.write(input, bytes)
  }
  func run() throws { try tile.run() }
  func read(_ output: String, into bytes: UnsafeMutableRawBufferPointer) throws {
    try tile.read(output, into: bytes)
  }
  func overwrite(_ image: [UInt8]) throws { try tile.overwrite(image) }
  func snapshot() throws -> [UInt8] { try tile.snapshot() }
}
