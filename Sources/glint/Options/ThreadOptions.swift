import ArgumentParser

/// How much of the CPU, for verbs that use no other device.
struct ThreadOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: ArgumentHelp("CPU threads; all by default.", valueName: "n"))
  var threads: Int?

  func validate() throws { try threads.map(Self.check) }

  static func check(_ threads: Int) throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads \(threads) must be in 1...1024")
    }
  }
}
