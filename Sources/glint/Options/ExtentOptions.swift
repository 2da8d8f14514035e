import ArgumentParser
import Microscopy
import Reporting
import Workflow

/// Which part of a movie.
struct ExtentOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Frames, from 0, B not included.", valueName: "A:B")
  )
  var frames: FrameRange?
  @Option(Recipe.roi, "X,Y,W,H") var roi: PixelRegion?

  func say(in said: inout Statement) {
    said.say(Recipe.roi, roi)
    guard let frames else { return }
    said.say(Recipe.firstFrame, frames.first)
    said.say(Recipe.endFrame, frames.end)
    // An open end is the movie's, whatever a recipe says.
    if frames.end == nil { said[Recipe.endFrame.facts.path] = .null }
  }
}
