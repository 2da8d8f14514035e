import Microscopy
import Reporting

/// What is said about the pixel size of a movie.
extension Recipe {
  /// The error for a movie whose pixel size nobody states.
  static var pixelSizeIsUnknown: SettingsError {
    SettingsError(
      "the pixel size in the sample plane is not known: the movie does not state it",
      hint: pixelSize.facts.remedy)
  }

  /// A warning if the movie states another pixel size than the one in use.
  static func doubt(_ used: Double?, movie: Double?) -> Message? {
    guard let used, let movie, abs(used / movie - 1) > 0.02 else { return nil }
    return """
      warning: the movie states a pixel size of \(movie.field.words) nm, and \(used.field.words) nm \
      is used
      """
  }
}
