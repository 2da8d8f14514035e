import Reporting

/// A problem with a weight file, or with weights for a network.
public enum WeightError: Fault {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String, hint: String? = nil)
  /// Its first bytes match no known kind.
  case unknownKind(path: String)
  /// It is truncated, inconsistent, or has content that is not supported.
  case damaged(path: String, reason: String, byte: Int?, hint: String? = nil)
  /// A pickle calls a function that is not on the list.
  case refused(path: String, global: String)
  /// The file lacks a tensor that the network needs.
  case missing(tensor: String, expected: [Int], found: [String])
  case shape(tensor: String, expected: [Int], found: [Int])
  /// A tensor of a layer that the network does not have.
  case unexpected(tensor: String, shape: [Int])
  /// Several sets of weights in one file, by the prefix of their names.
  case ambiguous(prefixes: [String])
  /// A tensor holds a NaN or an infinity.
  case notFinite(tensor: String)

  public var message: Message {
    switch self {
    case .unreadable(let path, let reason, _): "\(path) cannot be read: \(reason)"
    case .unknownKind(let path):
      "\(path) is not a known format of weights"
    case .damaged(let path, let reason, let byte, _):
      "\(path) \(reason)\(byte.map { " (byte \($0))" } ?? "")"
    case .refused(let path, let global):
      "\(path) asks to run `\(global)`, which is refused: weights are read, never executed"
    case .missing(let tensor, let expected, _):
      "the weights have no tensor `\(tensor)` (expected shape \(Self.text(expected)))"
    case .shape(let tensor, let expected, let found):
      "tensor `\(tensor)` has shape \(Self.text(found)), expected \(Self.text(expected))"
    case .unexpected(let tensor, let shape):
      "the network has no place for tensor `\(tensor)` (shape \(Self.text(shape)))"
    case .ambiguous(let prefixes):
      "the file holds the network more than once, with different weights: \(Self.quoted(prefixes))"
    case .notFinite(let tensor): "tensor `\(tensor)` contains a NaN or an infinite value"
    }
  }

  public var remedy: Message? {
    switch self {
    case .unreadable(_, _, let hint): hint.map { Message($0) }
    case .unknownKind:
      "supported formats: safetensors, PyTorch, Keras HDF5, NumPy npz and ONNX"
    case .damaged(_, _, _, let hint): Message(hint ?? "download or export it again")
    case .refused:
      "save the state_dict with torch.save, or, if you trust the file, convert it to safetensors"
    case .missing(_, _, let found):
      "the file holds \(found.isEmpty ? "none" : Self.list(found)); is it for another network?"
    case .shape, .unexpected: "the file is for another network or for other settings"
    case .ambiguous: "save only the copy that you want to use"
    case .notFinite: "the training diverged or the file is damaged"
    }
  }

  private static func quoted(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: " and ")
  }

  static func text(_ shape: [Int]) -> String {
    shape.isEmpty
      ? "of a single number"
      : shape.prefix(8).map(String.init).joined(separator: "×") + (shape.count > 8 ? "×…" : "")
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(6).map { $0.isEmpty ? "one without a name" : $0 }.joined(separator: ", ")
      + (names.count > 6 ? ", … (\(names.count) in all)" : "")
  }
}
