import ArgumentParser

/// The number of threads, for commands that run only on the CPU.
struct ThreadOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Number of CPU threads; all cores by default.", valueName: "n"))
  var threads: Int?

  func validate() throws { try threads.map(Self.check) }

  static func check(_ threads: Int) throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads \(threads) must be in 1...1024")
    }
  }
}
