import Foundation

/// Disk space taken before libhdf5 writes into it.
///
/// The library cannot take back a write that fails: version 1.10 then ends the process when the file is
/// closed. So a full disk is met here, and the library only writes where room is certain.
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

  /// Sees to it that the file can grow to `bytes`.
  func reserve(_ bytes: Int) throws {
    guard bytes > reserved else { return }
    var code: Int32
    repeat {
      code = posix_fallocate(descriptor, off_t(reserved), off_t(bytes - reserved))
    } while code == EINTR
    guard code == 0 else { throw OutputError(errno: code, path: file.path, needed: bytes) }
    reserved = bytes
  }

  /// Gives back what the closed file does not use: its own statement of its end is in the superblock
  /// (HDF5 File Format Specification 3.0, II.A, version 0).
  func release() throws {
    var end: UInt64 = 0
    guard pread(descriptor, &end, 8, 40) == 8, end.littleEndian <= UInt64(Int64.max),
      ftruncate(descriptor, off_t(end.littleEndian)) == 0
    else { throw OutputError(errno: errno, path: file.path) }
  }
}
