import ArgumentParser
import Foundation
import Microscopy
import Reporting
import Workflow

/// Entry point: argument parsing and printing only. Exit codes: 0 done; 1 done, but nothing found or
/// below an asked threshold; 2 error; 130 interrupted.
@main
enum Main {
  static func main() {
    prepareProcess()
    var code: Int32 = 0
    var verb: String?
    do {
      var command = try Glint.parseAsRoot()
      verb = Glint.words(to: type(of: command)) ?? ""
      try command.run()
    } catch {
      code = report(error, verb)
    }
    // What was printed may not have arrived; only a reader that went away (… | head) is no error.
    if fflush(nil) != 0, !isPipe(STDOUT_FILENO) {
      say(
        "error: cannot write to standard output: \(String(cString: strerror(errno)).lowercased())")
      code = 2
    }
    exit(code)
  }

  /// Signals become errors or an orderly end, and no output file can take the place of a closed
  /// standard stream.
  private static func prepareProcess() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", O_RDWR)
    }
    signal(SIGPIPE, SIG_IGN)
    // A file that may not grow further is an error of the write, as a full disk is.
    signal(SIGXFSZ, SIG_IGN)
    Interrupt.listen()
  }

  private static func isPipe(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
  }

  /// Prints what went wrong, or the help that was asked for, and gives the exit code.
  ///
  /// - Parameter verb: what was running; nil where the line itself could not be understood.
  private static func report(_ error: any Error, _ verb: String?) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    if error is Interrupted {
      say("\(error)")
      return 130
    }
    if Glint.exitCode(for: error).isSuccess {
      print(Glint.fullMessage(for: error))
      return 0
    }
    if let error = error as? ValidationError, let verb {
      say("error: \(error)\nhint: `glint \(verb) --help` shows every option with an example")
    } else if verb == nil {
      say(Usage(Glint.fullMessage(for: error)).description)
    } else {
      say("error: \(error)")
    }
    return 2
  }
}

/// A line that cannot be understood, told in the same form as every other error.
struct Usage: CustomStringConvertible {
  let description: String

  /// - Parameter message: as the argument parser words it.
  init(_ message: String) {
    var lines: [String] = []
    for line in message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("Error: ") {
        let text = line.dropFirst(7)
        lines.append("error: " + text.prefix(1).lowercased() + text.dropFirst())
      } else if line.hasPrefix("Help:") {
        lines.append(line.dropFirst(5).trimmingCharacters(in: .whitespaces))
      } else if line.hasPrefix("  See '") {
        let call = line.split(separator: "'").dropFirst().first ?? "glint --help"
        lines.append("hint: `\(call)` shows every option with an example")
      } else if !line.hasPrefix("Usage:") {
        lines.append(line)
      }
    }
    description = lines.joined(separator: "\n")
  }
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
      Localize.self, Infer.self, NetworksVerb.self, Calibrate.self, Check.self, Simulate.self,
      Evaluate.self, Render.self, Convert.self, Info.self, Demo.self, DevicesVerb.self,
      ParityVerb.self, Profile.self,
    ])
}

extension ParsableCommand {
  /// The words that lead from this command down to `type`, such as "calibrate psf"; nil where it is
  /// not below this command.
  fileprivate static func words(to type: any ParsableCommand.Type) -> String? {
    if type == self { return "" }
    for child in configuration.subcommands {
      guard let rest = child.words(to: type) else { continue }
      let name = child.configuration.commandName ?? "\(child)".lowercased()
      return rest.isEmpty ? name : "\(name) \(rest)"
    }
    return nil
  }
}
