import ArgumentParser
import Foundation
import Microscopy
import Reporting
import Workflow

/// Entry point: parses arguments and prints results. Exit codes: 0 success; 1 finished, but nothing
/// was found or a requested threshold was not reached; 2 error; 128 + n stopped by signal n.
@main
enum Main {
  static func main() {
    prepareProcess()
    // The system gives a program its own name at least; it is missing if the words cannot be read.
    guard !CommandLine.arguments.isEmpty else {
      say("error: the words of the command cannot be read\nhint: repeat the command")
      exit(2)
    }
    var code: Int32 = 0
    var verb: String?
    do {
      // A topic of help that is no command.
      if CommandLine.arguments.dropFirst() == ["help", "columns"] {
        print(ColumnsPage.text)
        return
      }
      var command = try Glint.parseAsRoot()
      verb = Glint.words(to: type(of: command)) ?? ""
      try command.run()
    } catch {
      code = report(error, verb)
    }
    // Buffered output may fail to be written. A closed pipe (… | head) is not an error.
    if fflush(nil) != 0, !isPipe(STDOUT_FILENO) {
      say(
        "error: cannot write to standard output: \(String(cString: strerror(errno)).lowercased())")
      code = 2
    }
    exit(code)
  }

  /// Turns signals into errors or an orderly stop, and keeps output files from getting the
  /// descriptor of a closed standard stream.
  private static func prepareProcess() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
      _ = open("/dev/null", O_RDWR)
    }
    signal(SIGPIPE, SIG_IGN)
    // A write beyond the file size limit then fails with an error, as on a full disk.
    signal(SIGXFSZ, SIG_IGN)
    Interrupt.listen()
  }

  private static func isPipe(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
  }

  /// Prints the error, or the requested help, and returns the exit code.
  ///
  /// - Parameter verb: the command that was running; nil if the command line could not be parsed.
  private static func report(_ error: any Error, _ verb: String?) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    if error is Interrupted {
      say("\(error)")
      return Interrupt.exitCode
    }
    if Glint.exitCode(for: error).isSuccess {
      print(Glint.fullMessage(for: error))
      return 0
    }
    if let error = error as? ValidationError, let verb {
      say("error: \(error)\nhint: `glint \(verb) --help` shows every option with an example")
    } else if verb == nil {
      say(Usage(Glint.fullMessage(for: error), CommandLine.arguments).description)
    } else if let fault = error as? any Fault {
      say("error: \(fault.explanation.text { "--\($0.name)" })")
    } else {
      say("error: \(error)")
    }
    return 2
  }
}

/// A command line that cannot be parsed, reported in the same form as every other error.
struct Usage: CustomStringConvertible {
  let description: String

  /// - Parameters:
  ///   - message: the text from the argument parser.
  ///   - arguments: the command line, the program's name first.
  init(_ message: String, _ arguments: [String] = []) {
    if let known = Self.misspelled(arguments) ?? Self.severalMovies(message, arguments) {
      description = known
      return
    }
    var lines: [String] = []
    for line in message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("Error: ") {
        let text = Self.withoutFarSuggestion(line.dropFirst(7))
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

  /// The error for a first word that is no verb; nil if it is one, or an option.
  private static func misspelled(_ arguments: [String]) -> String? {
    let verbs = Glint.configuration.subcommands.map { $0.verbName } + ["help"]
    guard arguments.count > 1, let word = Optional(arguments[1]), !word.hasPrefix("-"),
      !verbs.contains(word)
    else { return nil }
    let close = verbs.filter { isClose($0, to: word.lowercased()) }
    return "error: there is no command `\(word)`\nhint: "
      + (close.isEmpty
        ? "the commands are \(verbs.joined(separator: ", "))"
        : "did you mean \(close.map { "`glint \($0)`" }.joined(separator: " or "))?")
  }

  /// The parser suggests some option, however unlike; only close ones help.
  private static func withoutFarSuggestion(_ text: Substring) -> Substring {
    let words = text.split(separator: "'")
    guard let place = text.range(of: " Did you mean"), words.count > 3 else { return text }
    return isClose(String(words[3]), to: String(words[1])) ? text : text[..<place.lowerBound]
  }

  /// The error for several movies, such as those of `batch/*.tif`.
  private static func severalMovies(_ message: String, _ arguments: [String]) -> String? {
    guard message.contains("nexpected argument"), arguments.count > 3,
      ["localize", "infer", "info", "profile"].contains(arguments[1])
    else { return nil }
    let files = arguments.dropFirst(2).filter {
      !$0.hasPrefix("-") && FileManager.default.fileExists(atPath: $0)
    }
    guard files.count > 1 else { return nil }
    let kind = URL(fileURLWithPath: files[0]).pathExtension
    return "error: `glint \(arguments[1])` takes one movie, but \(files.count) files are given\n"
      + "hint: run it once for each, such as: for f in *.\(kind); do glint \(arguments[1]) \"$f\" …; "
      + "done; if they are the frames of one movie, give their folder"
  }

  /// Whether two words differ in at most two letters, or a third of them.
  static func isClose(_ word: String, to other: String) -> Bool {
    let (a, b) = (Array(word.utf8), Array(other.utf8))
    guard a.count < 64, b.count < 64 else { return false }
    var row = Array(0...b.count)
    for i in a.indices {
      var corner = row[0]
      row[0] = i + 1
      for j in b.indices {
        let above = row[j + 1]
        row[j + 1] = min(above + 1, row[j] + 1, corner + (a[i] == b[j] ? 0 : 1))
        corner = above
      }
    }
    return row[b.count] <= min(2, max(a.count, b.count) / 3)
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
      Localize.self, Infer.self, Train.self, NetworksVerb.self, Calibrate.self, Check.self,
      Simulate.self,
      Evaluate.self, Render.self, Convert.self, Info.self, Demo.self, DevicesVerb.self,
      ParityVerb.self, Profile.self,
    ])
}

extension ParsableCommand {
  /// The word that calls this command.
  fileprivate static var verbName: String { configuration.commandName ?? "\(self)".lowercased() }

  /// The command words from this command down to `type`, such as "calibrate psf"; nil if `type` is
  /// not a subcommand of this command.
  fileprivate static func words(to type: any ParsableCommand.Type) -> String? {
    if type == self { return "" }
    for child in configuration.subcommands {
      guard let rest = child.words(to: type) else { continue }
      let name = child.verbName
      return rest.isEmpty ? name : "\(name) \(rest)"
    }
    return nil
  }
}
