import Formats
import Microscopy
import Reporting

/// Work that a journal records, from its first item to the names of its outputs.
struct RecordedWork {
  /// nil for work without an output.
  let journal: Journal?
  let observer: any Observer
  /// The place in the movie after so many finished items, in words.
  let place: (_ done: Int) -> String

  /// Runs `body`, whose outputs get their names together. When it is over, the journal is removed, or
  /// a line says how the work can be resumed.
  ///
  /// - Parameter body: gives its result, and whether it was stopped.
  func run<Result>(_ body: () throws -> (Result, isStopped: Bool)) throws -> Result {
    do {
      try journal?.begin()
      let (result, isStopped) = try StagedFile.together(telling: observer, body)
      if isStopped { tellHowToResume() } else { journal?.remove() }
      return result
    } catch {
      switch error {
      // The outputs are complete under other names.
      case OutputError.kept: journal?.remove()
      // Results of two movies are not to be gone on with.
      case is MovieChanged: journal?.remove()
      default: tellHowToResume()
      }
      throw error
    }
  }

  private func tellHowToResume() {
    guard let journal, journal.done > 0 else { return }
    if let failure = journal.failure {
      observer.note("warning: the journal of the run is incomplete: \(failure.message)")
    }
    observer.note("stopped: the same command with \(.resume) goes on \(place(journal.done))")
  }
}
