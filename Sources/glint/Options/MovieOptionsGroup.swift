import ArgumentParser
import Formats
import Microscopy

/// What a headerless movie cannot say itself.
struct MovieOptionsGroup: ParsableArguments {
  @Option(help: ArgumentHelp("Width of a .dax without .inf.", valueName: "px"))
  var rawWidth: Int?

  @Option(help: ArgumentHelp("Height of a .dax without .inf.", valueName: "px"))
  var rawHeight: Int?

  @Flag(help: "Its numbers are little-endian; big-endian is usual.")
  var rawLittleEndian = false

  /// - Parameter acceptsTruncated: for verbs that look themselves at what a movie lacks.
  func open(_ path: String, acceptsTruncated: Bool = false) throws -> any Movie {
    try Movies.open(
      path,
      options: MovieOptions(
        width: rawWidth, height: rawHeight, bigEndian: !rawLittleEndian,
        acceptsTruncated: acceptsTruncated))
  }
}
