import Compute
import Microscopy

/// A way from camera frames to table rows, batch by batch: all that a run knows of it.
///
/// For each shape of batch the run asks for an `executable`. It has it `start` on frames as the camera
/// gave them, and hands it to `receive` and then to `collect`, in the order of the movie and on one
/// thread. The memory that results are fetched into belongs to the pipeline and is kept, so that
/// nothing is allocated in steady state.
public protocol FramePipeline: AnyObject {
  /// The columns of a row, in the order in which files show them.
  var quantities: [Quantity] { get }

  /// Neighbours that each frame needs on either side; a batch at an end of the movie has fewer.
  var halo: Int { get }

  /// Frames that travel together on a device, unless the user says otherwise.
  func batch(on device: DeviceInfo) -> Int

  /// Batches that a device has at a time.
  func overlap(on device: DeviceInfo) -> Int

  /// Whether rows depend on what the camera's numbers are.
  var usesCamera: Bool { get }

  /// Whether an executable does batches of every shape, not only of that for which it was made.
  var takesEveryShape: Bool { get }

  /// Readies a device for batches of a shape.
  ///
  /// - Parameter capacity: spots that there is room for.
  func executable(
    _ shape: BatchShape, capacity: Int, on device: any Device, profiling: Bool
  ) throws -> any Executable

  /// Gives an executable the frames of a batch, [frame, y, x] in the movie's pixel type, and starts
  /// it.
  ///
  /// - Parameters:
  ///   - first: frame of the movie that the batch answers for first.
  ///   - meanwhile: where the work is long, told now and then what part of it is done; what it throws
  ///     ends it.
  func start(
    _ executable: any Executable, _ frames: UnsafeRawBufferPointer, _ shape: BatchShape,
    first: Int, meanwhile: (Double) throws -> Void
  ) throws

  /// Waits for the device and fetches the spots of a batch, unless there are more than there was room
  /// for.
  ///
  /// - Parameter capacity: that for which the executable was made.
  func receive(_ executable: any Executable, capacity: Int) throws -> Received

  /// Appends the spots received last to `table`, whose columns are `quantities`.
  ///
  /// - Parameters:
  ///   - first: frame of the movie that the batch answers for first.
  ///   - tally: gets what became of the spots.
  func collect(first: Int, into table: inout Localizations, tally: inout SpotTally)
}

/// What came of a batch.
public enum Received: Hashable, Sendable {
  /// All spots, and how many they are.
  case all(Int)
  /// None, because there are more than there was room for: the batch has to be done again with room
  /// for so many.
  case needs(capacity: Int)
}

/// A pipeline whose batch is one run of one graph.
public protocol GraphPipeline: FramePipeline {
  /// The graph of a batch: input "frames" [frame, y, x] in the movie's pixel type.
  ///
  /// - Parameter capacity: spots that there is room for.
  func graph(_ shape: BatchShape, capacity: Int) throws -> Graph
}

extension GraphPipeline {
  public var usesCamera: Bool { true }

  public var takesEveryShape: Bool { false }

  public func executable(
    _ shape: BatchShape, capacity: Int, on device: any Device, profiling: Bool
  ) throws -> any Executable {
    try device.compile(
      Plan(graph(shape, capacity: capacity), for: device.info), profiling: profiling)
  }

  public func start(
    _ executable: any Executable, _ frames: UnsafeRawBufferPointer, _ shape: BatchShape,
    first: Int, meanwhile: (Double) throws -> Void
  ) throws {
    try executable.write("frames", frames)
    try executable.run()
  }

  /// Two where transfer and computing overlap.
  public func overlap(on device: DeviceInfo) -> Int { device.kind == .cpu ? 1 : 2 }
}

extension FramePipeline {
  /// A table with every column and no row.
  public var emptyTable: Localizations {
    var table = Localizations()
    for quantity in quantities { table[quantity] = [] }
    return table
  }
}

/// What became of spots, besides rows.
public struct SpotTally: Sendable {
  /// Spots that are no rows, by reason.
  public var dropped: [String: Int] = [:]
  /// Rows with a saturated pixel in their box; they are kept, and their photons are too few.
  public var saturated = 0

  public init() {}
}
