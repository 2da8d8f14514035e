import Containers

/// The tensors and numbers of a pickled object, by path.
///
/// Path components that PyTorch's modules insert (`_modules`, `_parameters`, `_buffers`) are
/// omitted, so that a whole object gives the names of its state dict.
struct PickleContents {
  private(set) var tensors: [(name: String, object: Int)] = []
  private(set) var numbers: [String: Double] = [:]
  private static let deepest = 128
  private static let transparent: Set<String> = ["_modules", "_parameters", "_buffers"]

  init(_ pickle: Pickle) throws {
    var seen: Set<Int> = []
    try visit(pickle.root, "", depth: 0, &seen, pickle)
  }

  private mutating func visit(
    _ value: Pickle.Value, _ path: String, depth: Int, _ seen: inout Set<Int>, _ pickle: Pickle
  ) throws {
    guard depth < Self.deepest else {
      throw FileFault("nests objects too deeply (`\(path.prefix(80))`)")
    }
    switch value {
    case .int(let number): numbers[path] = Double(number)
    case .float(let number): numbers[path] = number
    case .object(let index):
      if case .tensor = pickle[index] {
        tensors.append((path, index))
        return
      }
      guard seen.insert(index).inserted else { return }
      switch pickle[index] {
      case .tuple(let items), .list(let items):
        for (position, item) in items.enumerated() {
          try visit(item, join(path, "\(position)"), depth: depth + 1, &seen, pickle)
        }
      case .dictionary(let pairs): try visit(pairs, path, depth: depth, &seen, pickle)
      case .record(_, let state, let items):
        // A state with two parts consists of attributes and slots.
        for part in pickle.tuple(state) ?? [state] {
          if case .object(let place) = part, case .dictionary(let pairs) = pickle[place] {
            try visit(pairs, path, depth: depth, &seen, pickle)
          }
        }
        try visit(items, path, depth: depth, &seen, pickle)
      case .persistent, .tensor: break
      }
    default: break
    }
  }

  private mutating func visit(
    _ pairs: [(key: Pickle.Value, value: Pickle.Value)], _ path: String, depth: Int,
    _ seen: inout Set<Int>, _ pickle: Pickle
  ) throws {
    for (key, value) in pairs {
      let name: String
      switch key {
      case .text(let text): name = Self.transparent.contains(text) ? "" : text
      case .int(let number): name = "\(number)"
      default: continue
      }
      try visit(value, join(path, name), depth: depth + 1, &seen, pickle)
    }
  }

  private func join(_ path: String, _ name: String) -> String {
    path.isEmpty || name.isEmpty ? path + name : "\(path).\(name)"
  }
}
