import Compute
import Microscopy

/// A way from camera frames to table rows, batch by batch: all that a run knows of it.
///
/// For each shape of batch the run plans `graph`. It writes frames as the camera gave them into the
/// input "frames", starts the executable, and hands it to `receive` and then to `collect`, in the
/// order of the movie and on one thread. The memory that results are fetched into belongs to the
/// pipeline and is kept, so that nothing is allocated in steady state.
public protocol FramePipeline: AnyObject {
  /// The columns of a row, in the order in which files show them.
  var quantities: [Quantity] { get }

  /// Neighbours that each frame needs on either side; a batch at an end of the movie has fewer.
  var halo: Int { get }

  /// Frames that travel together on a device, unless the user says otherwise.
  func batch(on device: DeviceInfo) -> Int

  /// The graph of a batch: input "frames" [frame, y, x] in the movie's pixel type.
  ///
  /// - Parameter capacity: spots that there is room for.
  func graph(_ shape: BatchShape, capacity: Int) throws -> Graph

  /// Waits for the device and fetches the spots of a batch.
  ///
  /// Returns how many were found. Where that is more than `capacity` nothing was fetched, and the run
  /// does the batch again with more room.
  func receive(_ executable: any Executable, capacity: Int) throws -> Int

  /// Appends the spots received last to `table`, whose columns are `quantities`.
  ///
  /// - Parameters:
  ///   - first: frame of the movie that the batch answers for first.
  ///   - tally: gets what became of the spots.
  func collect(first: Int, into table: inout Localizations, tally: inout SpotTally)
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
