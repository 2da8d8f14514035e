import Foundation
import Networks

/// The log of a training, a CSV file with a line for each validation: what the steps since the last
/// one gave on average, and the scores.
struct TrainingLog {
  /// One line.
  struct Entry {
    var scores: TrainingScores
    /// Means over the steps since the last line.
    var loss: Double
    var terms: [String: Double]
    var norm: Double
    /// Emitters that there was no room for, in a batch.
    var leftOut: Double
    var rate: Double
    var seconds: Double
  }

  private(set) var entries: [Entry] = []
  private let terms: [String]

  /// - Parameters:
  ///   - terms: names of the parts of the loss.
  ///   - step: lines up to this step are kept if there is a log.
  init(_ path: String, terms: [String], continuing step: Int?) throws {
    self.terms = terms.sorted()
    guard let step, let data = FileManager.default.contents(atPath: path) else { return }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    let columns = lines.first?.split(separator: ",").map(String.init) ?? []
    entries = lines.dropFirst().compactMap { Self.entry($0, columns, self.terms) }
      .filter { $0.scores.step <= step }
  }

  /// Adds a line; later ones, of steps that are done again, are removed.
  mutating func append(_ entry: Entry) {
    entries.removeAll { $0.scores.step >= entry.scores.step }
    entries.append(entry)
  }

  var text: String { ([header] + entries.map(line)).joined(separator: "\n") + "\n" }

  private static let fixed = [
    "step", "loss", "norm", "left_out", "rate", "seconds", "validation_loss",
  ]
  private static let scores:
    [(name: String, path: WritableKeyPath<TrainingScores, Double?> & Sendable)] = [
      ("j250", \.jaccard), ("j100", \.closeJaccard), ("chance", \.chance), ("recall", \.recall),
      ("precision", \.precision), ("rmse_nm", \.rmse), ("error_over_bound", \.overBound),
      ("error_over_sigma", \.overSigma), ("accuracy", \.accuracy),
    ]

  private var header: String {
    (Self.fixed + Self.scores.map(\.name) + terms).joined(separator: ",")
  }

  private func line(_ entry: Entry) -> String {
    func text(_ value: Double?) -> String {
      value.flatMap { $0.isFinite ? String(format: "%.6g", $0) : nil } ?? ""
    }
    let fixed = [entry.loss, entry.norm, entry.leftOut, entry.rate, entry.seconds]
    let numbers =
      fixed.map(text) + [text(entry.scores.loss)]
      + Self.scores.map { text(entry.scores[keyPath: $0.path]) }
      + terms.map { text(entry.terms[$0]) }
    return (["\(entry.scores.step)"] + numbers).joined(separator: ",")
  }

  /// A line of a log, which may be of a version with other columns.
  private static func entry(
    _ line: Substring, _ columns: [String], _ terms: [String]
  ) -> Entry? {
    let parts = line.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    func value(_ name: String) -> Double? {
      columns.firstIndex(of: name).flatMap { $0 < parts.count ? parts[$0] : nil }
    }
    guard let step = value("step"), let loss = value("validation_loss") else { return nil }
    var result = TrainingScores(step: Int(step), loss: loss)
    for score in scores { result[keyPath: score.path] = value(score.name) }
    return Entry(
      scores: result, loss: value("loss") ?? .nan,
      terms: Dictionary(uniqueKeysWithValues: terms.map { ($0, value($0) ?? .nan) }),
      norm: value("norm") ?? .nan, leftOut: value("left_out") ?? .nan,
      rate: value("rate") ?? .nan, seconds: value("seconds") ?? .nan)
  }
}
