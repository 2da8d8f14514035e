import Foundation
import Localization
import Microscopy
import Yams

/// Everything that a localization run was told: written into every output, and able to repeat it.
public struct Recipe: Codable, Hashable, Sendable {
  /// Format of the recipe itself.
  public var recipe: Int = 1
  /// Camera pixel in the sample plane, nm.
  public var pixelSize: Double = 100
  public var camera = Camera()
  /// Path of the camera file, where maps are used; its scalars are in `camera`.
  public var cameraFile: String = ""
  public var detection = DetectionSettings()
  public var fit = FitSettings()
  /// First frame, and the frame after the last; −1 for the movie's end.
  public var firstFrame: Int = 0
  public var endFrame: Int = -1
  /// x, y, width, height in px; empty for whole frames.
  public var roi: [Int] = []

  public init() {}

  public var settings: LocalizationSettings {
    var settings = LocalizationSettings()
    settings.detection = detection
    settings.fit = fit
    return settings
  }

  enum CodingKeys: String, CodingKey {
    case recipe
    case pixelSize = "pixel_size"
    case camera
    case cameraFile = "camera_file"
    case detection, fit
    case firstFrame = "first_frame"
    case endFrame = "end_frame"
    case roi
  }

  /// The recipe as YAML, every field with its meaning beside it.
  public func yaml() throws -> String {
    let encoder = YAMLEncoder()
    encoder.options.allowUnicode = true
    // A folded line has no place for a comment.
    encoder.options.width = -1
    return try encoder.encode(self).split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in
        let line = Self.plainNumber(String(line))
        let key = line.prefix { $0 != ":" }.trimmingCharacters(in: .whitespaces)
        guard let meaning = RecipeMeaning.of[key], line.contains(":") else { return line }
        let gap = String(repeating: " ", count: max(2, 30 - line.count))
        return "\(line)\(gap)# \(meaning)"
      }.joined(separator: "\n")
  }

  /// A line whose number is written as people write it: 100, not 1e+2.
  private static func plainNumber(_ line: String) -> String {
    let parts = line.components(separatedBy: ": ")
    guard parts.count == 2, parts[1].contains("e"), let value = Double(parts[1]) else {
      return line
    }
    return "\(parts[0]): \(Int(exactly: value).map(String.init) ?? "\(value)")"
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

  /// Reads a recipe; fields that it leaves out keep their defaults, fields that do not exist are
  /// refused.
  ///
  /// Throws `RecipeError` naming the field.
  public init(yaml text: String) throws {
    let given: Any?
    do { given = try Yams.load(yaml: text) } catch {
      throw RecipeError("the recipe is not YAML: \(error)")
    }
    guard var fields = given as? [String: Any] else {
      throw RecipeError("the recipe holds no fields")
    }
    if var section = fields["detection"] as? [String: Any], section["threshold"] == nil,
      let name = section["detector"] as? String,
      let detector = DetectionSettings.Detector(rawValue: name)
    {
      section["threshold"] = DetectionSettings.defaultThreshold(detector)
      fields["detection"] = section
    }
    guard let defaults = try Yams.load(yaml: YAMLEncoder().encode(Recipe())) as? [String: Any]
    else { throw RecipeError("the recipe's own defaults cannot be read") }
    let merged = try Self.merge(fields, into: defaults, path: "")
    do {
      self = try YAMLDecoder().decode(Recipe.self, from: Yams.dump(object: merged))
    } catch let error as DecodingError {
      throw RecipeError(Self.explain(error))
    }
  }

  private static func merge(
    _ given: [String: Any], into defaults: [String: Any], path: String
  ) throws -> [String: Any] {
    var result = defaults
    for (key, value) in given {
      guard let known = defaults[key] else {
        throw RecipeError("the recipe's field `\(path)\(key)` does not exist")
      }
      if let section = known as? [String: Any] {
        guard let part = value as? [String: Any] else {
          throw RecipeError("the recipe's field `\(path)\(key)` must hold fields")
        }
        result[key] = try merge(part, into: section, path: "\(path)\(key).")
      } else {
        result[key] = value
      }
    }
    return result
  }

  private static func explain(_ error: DecodingError) -> String {
    func field(_ context: DecodingError.Context) -> String {
      context.codingPath.map(\.stringValue).joined(separator: ".")
    }
    switch error {
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "the recipe's field `\(field(context))` must be of type \(type)"
    case .dataCorrupted(let context):
      let choices = context.codingPath.last.flatMap { RecipeMeaning.of[$0.stringValue] }
      return "the recipe's field `\(field(context))` cannot have that value"
        + (choices.map { "; it is \($0)" } ?? "")
    case .keyNotFound(let key, _): return "the recipe lacks `\(key.stringValue)`"
    @unknown default: return "the recipe cannot be read: \(error)"
    }
  }
}

/// A recipe that cannot be followed.
public struct RecipeError: Error, CustomStringConvertible {
  public let what: String

  public init(_ what: String) { self.what = what }

  public var description: String {
    "\(what)\nhint: `glint localize --print-recipe` shows every field with its meaning"
  }
}
