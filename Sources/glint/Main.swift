import ArgumentParser
import Foundation
import Microscopy

/// Entry point: argument parsing and printing only. Exit codes: 0 done; 1 done, but nothing found or
/// below an asked threshold; 2 error; 130 interrupted.
@main
enum Main {
  static func main() {
    // A reader that goes away (glint … | head) is no error.
    signal(SIGPIPE, SIG_DFL)
    do {
      var command = try Glint.parseAsRoot()
      try command.run()
    } catch {
      exit(report(error))
    }
  }

  /// Prints what went wrong, or the help that was asked for, and gives the exit code.
  private static func report(_ error: any Error) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    let isHelp = Glint.exitCode(for: error).isSuccess
    if isHelp {
      print(Glint.fullMessage(for: error))
      return 0
    }
    let isUsage = error is ValidationError || "\(type(of: error))" == "CommandError"
    say(isUsage ? Glint.fullMessage(for: error) : "error: \(error)")
    return 2
  }
}

/// Writes a line for a person to stderr; stdout is for data.
func say(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}

struct Glint: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "glint",
    abstract: "Single-molecule localization microscopy, the same on any GPU and CPU.",
    discussion: """
      EXAMPLE:
        glint demo
        glint localize movie.tif -o locs.csv --pixel-size 100 --gain 2.17 --offset 100
      """,
    version: "glint \(glintVersion)",
    subcommands: [
      Localize.self, Simulate.self, Evaluate.self, Render.self, Convert.self, Info.self, Demo.self,
      DevicesVerb.self, ParityVerb.self, Profile.self,
    ])
}
