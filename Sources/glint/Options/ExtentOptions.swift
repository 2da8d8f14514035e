import ArgumentParser
import Workflow

/// Which part of a movie.
struct ExtentOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Frames, from 0, B not included.", valueName: "A:B")
  )
  var frames: FrameRange?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Region of interest, px.", valueName: "X,Y,W,H"))
  var roi: Region?

  /// Replaces in `recipe` what was given.
  func apply(to recipe: inout Recipe) {
    if let frames {
      recipe.firstFrame = frames.first
      recipe.endFrame = frames.end ?? -1
    }
    if let region = roi?.region { recipe.roi = [region.x, region.y, region.width, region.height] }
  }
}
