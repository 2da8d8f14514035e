import ArgumentParser
import Formats
import Microscopy
import Reporting
import Workflow

/// Options that describe how a movie is opened: a file without a header, and which planes of a file
/// with several axes.
struct MovieOptionsGroup: ParsableArguments {
  @Option(Recipe.channel, "n|name") var channel: PlaneChoice?
  @Option(Recipe.slice, "n|all") var slice: PlaneChoice?
  @Option(Recipe.position, "n|name") var position: PlaneChoice?
  @Option(Recipe.series, "n|name") var series: PlaneChoice?

  @Option(help: ArgumentHelp("Frame width of a .dax without its .inf.", valueName: "px"))
  var rawWidth: Int?

  @Option(help: ArgumentHelp("Frame height of a .dax without its .inf.", valueName: "px"))
  var rawHeight: Int?

  @Flag(help: "Pixels of that .dax are little-endian; the default is big-endian.")
  var rawLittleEndian = false

  /// The planes that the options choose.
  var planes: [PlaneAxis: PlaneChoice] {
    var planes: [PlaneAxis: PlaneChoice] = [:]
    (planes[.channel], planes[.slice]) = (channel, slice)
    (planes[.position], planes[.series]) = (position, series)
    return planes
  }

  func say(in said: inout Statement) {
    for (axis, setting) in Recipe.planes { said.say(setting, planes[axis]) }
  }

  /// - Parameters:
  ///   - recipe: whose planes are read, unless the options choose others.
  ///   - along: the axis that becomes frames.
  ///   - acceptsTruncated: whether to open a truncated movie; the command then handles it.
  func options(
    over recipe: Recipe? = nil, along: PlaneAxis = .time, acceptsTruncated: Bool = false
  ) -> MovieOptions {
    MovieOptions(
      width: rawWidth, height: rawHeight, bigEndian: !rawLittleEndian,
      acceptsTruncated: acceptsTruncated,
      planes: (recipe?.planes ?? [:]).merging(planes) { $1 }, along: along)
  }

  func open(
    _ path: String, over recipe: Recipe? = nil, along: PlaneAxis = .time,
    acceptsTruncated: Bool = false
  ) throws -> any Movie {
    try Movies.open(
      path, options: options(over: recipe, along: along, acceptsTruncated: acceptsTruncated))
  }
}

extension PlaneChoice: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}
