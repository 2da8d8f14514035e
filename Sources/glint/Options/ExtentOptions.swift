import ArgumentParser
import Microscopy
import Reporting
import Workflow

/// Options that select a part of the movie.
struct ExtentOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Range of frames, counted from 0; B is not included.", valueName: "A:B")
  )
  var frames: FrameRange?
  @Option(Recipe.roi, "X,Y,W,H") var roi: PixelRegion?

  func say(in said: inout Statement) {
    said.say(Recipe.roi, roi)
    guard let frames else { return }
    said.say(Recipe.firstFrame, frames.first)
    said.say(Recipe.endFrame, frames.end)
    // An omitted end means the movie's end and overrides the recipe.
    if frames.end == nil { said[Recipe.endFrame.facts.path] = .null }
  }
}
