import Containers
import Microscopy
import Reporting

/// The files of a movie that are opened again for each frame, because there may be more of them than
/// a process can open, each as it was when it was first opened.
final class SeenFiles: Sendable {
  private let stamps = Guarded<[String: FileStamp]>([:])

  /// A bound on memory; further files are read without a record.
  private static let most = 1 << 18

  /// Opens a file. Throws if it changed since it was first opened.
  func open(_ path: String) throws(MovieError) -> FileBytes {
    let file = try FileBytes(path)
    let known = stamps.withLock { stamps in
      if let known = stamps[path] { return known }
      if stamps.count < Self.most { stamps[path] = file.file.stamp }
      return file.file.stamp
    }
    if let how = known.change(to: file.file.stamp) {
      throw MovieError(FileFault.changed(how), file: path)
    }
    return file
  }

  /// What happened to the files since, for `Movie.changes`.
  var changes: [String] {
    stamps.withLock { $0 }.compactMap { path, stamp in
      stamp.change(to: FileStamp(path)).map { "\(path) \($0)" }
    }.sorted()
  }
}
