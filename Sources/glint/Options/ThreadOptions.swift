import ArgumentParser

/// The number of threads, for commands that run only on the CPU.
struct ThreadOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Number of CPU threads; all cores by default.", valueName: "n"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads \(threads) must be in 1...1024")
    }
  }
}
