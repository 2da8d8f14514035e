import Containers
import Formats
import Foundation
import Localization
import Microscopy
import Reporting

/// Reads and writes recipes as YAML.
extension Recipe {
  /// The format that is written. Format 1, which can also be read, stated every field whether or
  /// not it applied.
  static let format = 2

  /// The recipe as YAML: every field that applies, with its meaning as a comment. Reading it gives
  /// the same recipe.
  public func yaml() -> String {
    var top = [Self.line("recipe: \(Self.format)", "format version of this file")]
    var sections: [String: [String]] = [:]
    for entry in entries where entry.value != .null {
      let (facts, text) = (entry.facts, "\(entry.facts.field): \(entry.value.yaml)")
      if facts.section.isEmpty {
        top.append(Self.line(text, facts.comment))
      } else {
        if sections[facts.section] == nil { top.append(facts.section) }
        sections[facts.section, default: []].append(Self.line("  " + text, facts.comment))
      }
    }
    return top.flatMap { line in
      sections[line].map { [Self.line("\(line):", Self.sections[line] ?? line)] + $0 } ?? [line]
    }.joined(separator: "\n") + "\n"
  }

  private static let sections = [
    "camera": "camera values; maps from a camera file replace offset, gain and read noise",
    "detection": "how spots are found", "fit": "how each spot is fitted",
    "network": "a neural network that replaces detection and fit",
    "measured": "values that the run measured on its movie",
  ]

  private static func line(_ text: String, _ comment: String) -> String {
    text + String(repeating: " ", count: max(2, 30 - text.count)) + "# \(comment)"
  }

  /// Reads a recipe from a file.
  ///
  /// Throws `RecipeError`.
  public init(file path: String) throws(RecipeError) {
    self = try RecipeFile(path: path).recipe
  }

  /// Reads a recipe. Omitted fields keep their defaults (a threshold the default of its detector);
  /// fields that do not exist or do not apply are errors.
  ///
  /// Throws `RecipeError` naming the field.
  public init(yaml text: String) throws(RecipeError) { self = try RecipeFile(yaml: text).recipe }
}

/// A recipe file, or the recipe in an output: its statements, without defaults.
public struct RecipeFile: Sendable {
  public let statement: Statement
  /// The recipe from the file alone.
  public let recipe: Recipe

  /// Reads a recipe, or takes the last one that an output of Glint contains: a table, the notes
  /// beside it, a picture, a movie or a report.
  public init(path: String) throws(RecipeError) {
    if let steps = Outputs.provenance(of: path) {
      guard let text = steps.compactMap({ $0.settings["recipe"] }).last else {
        throw RecipeError("\(path) contains no recipe")
      }
      do { try self.init(yaml: text) } catch { throw RecipeError("\(path): \(error.message)") }
      return
    }
    let data: [UInt8]
    do { data = try InputFile.contents(of: path) } catch {
      throw RecipeError("cannot read the recipe \(path): it \(error.words)")
    }
    guard data.count < 1 << 20, let text = String(validating: data, as: UTF8.self) else {
      throw RecipeError("\(path) is not a recipe")
    }
    do { try self.init(yaml: text) } catch { throw RecipeError("\(path): \(error.message)") }
  }

  public init(yaml text: String) throws(RecipeError) {
    guard !text.allSatisfy(\.isWhitespace) else { throw RecipeError("the recipe has no fields") }
    guard let content = FieldValue(yaml: text) else { throw RecipeError("the recipe is not YAML") }
    // A report has the recipe as one of its fields.
    guard case .section(var fields) = content["recipe"].flatMap(\.section) ?? content else {
      throw RecipeError("the recipe has no fields")
    }
    let format = fields.removeValue(forKey: "recipe") ?? .integer(1)
    guard [1, Recipe.format].map(FieldValue.integer).contains(format) else {
      throw RecipeError("recipe format \(format.words) is not supported, only 1 and 2")
    }
    var statement = Statement(.recipe, fields: fields)
    for path in statement.paths where Recipe.known[path] == nil {
      guard !Recipe.isSection(path) else {
        throw RecipeError("the recipe's field `\(path)` must be a section of fields")
      }
      throw RecipeError("the recipe's field `\(path)` does not exist")
    }
    if format == .integer(1) { statement.leaveOutAbsences() }
    var form = SettingsForm([statement], checks: false)
    var recipe = Recipe()
    do { try recipe.exchange(&form) } catch { throw RecipeError("the recipe: \(error.message)") }
    // Format 1 stated every field, so fields that do not apply are ignored.
    if format == .integer(Recipe.format) {
      let unused = Set(statement.paths).subtracting(form.used(of: 0))
      if let path = unused.min() {
        let owners = Set(Recipe.known[path, default: []].compactMap(\.owner)).sorted()
        throw RecipeError(
          "the recipe's field `\(path)` does not apply here"
            + (owners.isEmpty ? "" : "; it belongs to \(owners.joined(separator: ", "))"))
      }
    }
    self.statement = statement
    self.recipe = recipe
  }
}

extension FieldValue {
  /// The value if it is a section.
  fileprivate var section: FieldValue? {
    if case .section = self { self } else { nil }
  }
}

extension Statement {
  /// Removes the values that format 1 used for absent settings: "", [], 0 and −1.
  fileprivate mutating func leaveOutAbsences() {
    for (facts, absences) in Self.absences {
      if let value = self[facts.path], value == .null || absences.contains(value) {
        self[facts.path] = nil
      }
    }
    if case .integer(..<0) = self[Recipe.endFrame.facts.path] {
      self[Recipe.endFrame.facts.path] = nil
    }
  }

  private static let absences: [(SettingFacts, [FieldValue])] = [
    (Recipe.cameraFile.facts, [.text("")]), (Recipe.cameraRegion.facts, [.list([])]),
    (FitSettings.psfFile.facts, [.text("")]),
    (FitSettings.indexFactor.facts, [.integer(0), .number(0)]),
    (NetworkSettings.name.facts, [.text("")]), (NetworkSettings.weights.facts, [.text("")]),
    (NetworkSettings.settings.facts, [.text("")]),
    (NetworkSettings.threshold.facts, [.integer(0), .number(0)]),
    (Recipe.roi.facts, [.list([])]),
  ]
}

/// The recipe as one object with the fields of the YAML, for reports in JSON.
extension Recipe: Codable {
  public func encode(to encoder: any Encoder) throws {
    var fields = self.fields
    fields["recipe"] = .integer(Self.format)
    try FieldValue.section(fields).encode(to: encoder)
  }

  public init(from decoder: any Decoder) throws {
    var fields = try [String: FieldValue](from: decoder)
    fields["recipe"] = nil
    var form = SettingsForm([Statement(.recipe, fields: fields)], checks: false)
    self.init()
    try exchange(&form)
  }
}
