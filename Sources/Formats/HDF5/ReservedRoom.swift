import Foundation

/// Reserves disk space before libhdf5 writes.
///
/// The library cannot recover from a failed write: version 1.10 then ends the process when the file
/// is closed. So a full disk is detected here, and the library writes only into reserved space.
final class ReservedRoom {
  private let file: StagedFile
  private let descriptor: Int32
  private var reserved = 0

  init(_ file: StagedFile) throws {
    self.file = file
    descriptor = open(file.temporary, O_RDWR)
    guard descriptor >= 0 else { throw OutputError(errno: errno, path: file.path) }
  }

  deinit { close(descriptor) }

  /// Makes sure that the file can grow to `bytes`.
  func reserve(_ bytes: Int) throws {
    guard bytes > reserved else { return }
    var code: Int32
    repeat {
      code = posix_fallocate(descriptor, off_t(reserved), off_t(bytes - reserved))
    } while code == EINTR
    guard code == 0 else { throw OutputError(errno: code, path: file.path, needed: bytes) }
    reserved = bytes
  }

  /// Releases the space that the closed file does not use. The superblock states the end of the
  /// file (HDF5 File Format Specification 3.0, II.A, version 0).
  func release() throws {
    var end: UInt64 = 0
    guard pread(descriptor, &end, 8, 40) == 8, end.littleEndian <= UInt64(Int64.max),
      ftruncate(descriptor, off_t(end.littleEndian)) == 0
    else { throw OutputError(errno: errno, path: file.path) }
  }
}
