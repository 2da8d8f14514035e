import Foundation
import Localization
import Yams

/// Recipes as YAML.
extension Recipe {
  /// The recipe as YAML, every field with its meaning beside it; reading it gives the same recipe.
  public func yaml() throws -> String {
    let encoder = YAMLEncoder()
    encoder.options.allowUnicode = true
    // A folded line has no place for a comment.
    encoder.options.width = -1
    let exact = try exactNumbers()
    var section = ""
    return try encoder.encode(self).split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in
        let key = line.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces)
        guard let meaning = RecipeMeaning.of[key], line.contains(":") else { return String(line) }
        let isInside = line.hasPrefix(" ")
        if !isInside { section = key }
        let number = exact[isInside ? "\(section).\(key)" : key]
        let text = number.map { "\(line.prefix { $0 != ":" }): \($0)" } ?? String(line)
        let gap = String(repeating: " ", count: max(2, 30 - text.count))
        return "\(text)\(gap)# \(meaning)"
      }.joined(separator: "\n")
  }

  /// Every number as people write it and to its last bit: 100 and not the 1e+2 of the encoder, which
  /// also rounds to 15 digits.
  private func exactNumbers() throws -> [String: String] {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: ".inf", negativeInfinity: "-.inf", nan: ".nan")
    var result: [String: String] = [:]
    func collect(_ fields: [String: Any], _ path: String) {
      for (key, value) in fields {
        if let part = value as? [String: Any] {
          collect(part, "\(path)\(key).")
        } else if !(value is String), let number = value as? Double {
          result[path + key] = Int(exactly: number).map(String.init) ?? "\(number)"
        }
      }
    }
    let object = try JSONSerialization.jsonObject(with: encoder.encode(self))
    collect(object as? [String: Any] ?? [:], "")
    return result
  }

  /// Reads a recipe from a file.
  ///
  /// Throws `RecipeError`.
  public init(file path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw RecipeError("cannot read the recipe \(path)")
    }
    guard data.count < 1 << 20, let text = String(data: data, encoding: .utf8) else {
      throw RecipeError("\(path) is not a recipe")
    }
    do { try self.init(yaml: text) } catch let error as RecipeError {
      throw RecipeError("\(path): \(error.what)")
    }
  }

  /// Reads a recipe; fields that it leaves out keep their defaults (a threshold that of its
  /// detector), fields that do not exist are refused.
  ///
  /// Throws `RecipeError` naming the field.
  public init(yaml text: String) throws {
    let node: Node?
    do { node = try compose(yaml: text) } catch {
      throw RecipeError("the recipe is not YAML: \(error)")
    }
    guard let given = node?.mapping else { throw RecipeError("the recipe holds no fields") }
    var start = Recipe()
    if let name = given["detection"]?["detector"]?.string,
      let detector = DetectionSettings.Detector(rawValue: name)
    {
      start.detection.threshold = DetectionSettings.defaultThreshold(detector)
    }
    guard let defaults = try compose(yaml: start.yaml())?.mapping else {
      throw RecipeError("the recipe's own defaults cannot be read")
    }
    let merged = try Self.merge(given, into: defaults, path: "")
    do {
      self = try YAMLDecoder().decode(Recipe.self, from: Node.mapping(merged))
    } catch let error as DecodingError {
      throw RecipeError(Self.explain(error))
    }
  }

  private static func merge(
    _ given: Node.Mapping, into defaults: Node.Mapping, path: String
  ) throws -> Node.Mapping {
    var result = defaults
    for (key, value) in given {
      let name = path + (key.string ?? "?")
      guard let known = defaults[key] else {
        throw RecipeError("the recipe's field `\(name)` does not exist")
      }
      if let section = known.mapping {
        guard let part = value.mapping else {
          throw RecipeError("the recipe's field `\(name)` must hold fields")
        }
        result[key] = .mapping(try merge(part, into: section, path: "\(name)."))
      } else {
        result[key] = value
      }
    }
    return result
  }

  private static func explain(_ error: DecodingError) -> String {
    func field(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.filter { $0.intValue == nil }.map(\.stringValue)
      return "the recipe's field `\(path.joined(separator: "."))`"
    }
    switch error {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "\(field(context)) must be of type \(type)"
    case .dataCorrupted(let context):
      let choices = context.codingPath.last.flatMap { RecipeMeaning.of[$0.stringValue] }
      return "\(field(context)) cannot have that value"
        + (choices.map { "; it is \($0)" } ?? "")
    case .keyNotFound(let key, _): return "the recipe lacks `\(key.stringValue)`"
    @unknown default: return "the recipe cannot be read: \(error)"
    }
  }
}
