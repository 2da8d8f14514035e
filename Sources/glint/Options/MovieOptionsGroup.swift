import ArgumentParser
import Formats
import Microscopy

/// Options that describe a movie without a header.
struct MovieOptionsGroup: ParsableArguments {
  @Option(help: ArgumentHelp("Frame width of a .dax without its .inf.", valueName: "px"))
  var rawWidth: Int?

  @Option(help: ArgumentHelp("Frame height of a .dax without its .inf.", valueName: "px"))
  var rawHeight: Int?

  @Flag(help: "Pixels of that .dax are little-endian; the default is big-endian.")
  var rawLittleEndian = false

  /// - Parameter acceptsTruncated: whether to open a truncated movie; the command then handles it.
  func open(_ path: String, acceptsTruncated: Bool = false) throws -> any Movie {
    try Movies.open(
      path,
      options: MovieOptions(
        width: rawWidth, height: rawHeight, bigEndian: !rawLittleEndian,
        acceptsTruncated: acceptsTruncated))
  }
}
