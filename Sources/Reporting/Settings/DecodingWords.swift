extension DecodingError {
  /// Describes what is wrong in a file of settings, and in which field.
  package var words: String {
    func field(_ context: Context) -> String {
      context.codingPath.isEmpty
        ? "a number" : "`\(context.codingPath.map(\.stringValue).joined(separator: "."))`"
    }
    return switch self {
    case .typeMismatch(let type, let context): "\(field(context)) must be of type \(type)"
    case .valueNotFound(_, let context), .dataCorrupted(let context):
      "\(field(context)) does not accept that value"
    case .keyNotFound(let key, let context): "\(field(context)) is missing `\(key.stringValue)`"
    @unknown default: "\(self)"
    }
  }
}
