import Containers

/// A Python pickle, parsed but never executed.
///
/// The result consists of inert records of names and values. A call is carried out only if its
/// function is on the list of `PickleCalls`; any other is rejected. Classes may have any name: an
/// instance becomes a record of its attributes. Objects are in one array and refer to each other by
/// index, so that nesting or cycles in a hostile file cannot exhaust the stack.
struct Pickle {
  enum Value: Hashable {
    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    /// Bytes, or an integer of more than 64 bits, little-endian.
    case bytes([UInt8])
    case global(String)
    case object(Int)
  }

  enum Object {
    case tuple([Value])
    case list([Value])
    case dictionary([(key: Value, value: Value)])
    case record(type: String, state: Value, items: [(key: Value, value: Value)])
    case persistent(Value)
    case tensor(Value, offset: Value, shape: Value, strides: Value)
  }

  private(set) var objects: [Object] = []
  private(set) var root = Value.none
  private(set) var end = 0
  private var stack: [Value] = []
  private var marks: [Int] = []
  private var memo: [Int: Value] = [:]

  /// Parses the pickle that starts at `start`; `end` is the first byte after it.
  init(_ bytes: [UInt8], from start: Int = 0) throws {
    var cursor = try ByteCursor(bytes, from: start)
    while try step(&cursor) {}
    end = cursor.offset
  }

  subscript(index: Int) -> Object { objects[index] }

  func tuple(_ value: Value) -> [Value]? {
    guard case .object(let index) = value else { return nil }
    switch objects[index] {
    case .tuple(let items), .list(let items): return items
    default: return nil
    }
  }

  func integers(_ value: Value) -> [Int]? {
    guard let items = tuple(value) else { return nil }
    let numbers = items.compactMap { if case .int(let number) = $0 { number } else { nil } }
    return numbers.count == items.count ? numbers : nil
  }

  // MARK: One opcode

  /// Carries out one opcode; false after the last.
  private mutating func step(_ cursor: inout ByteCursor) throws -> Bool {
    let at = cursor.offset
    let code = try cursor.byte()
    switch code {
    case 0x80: try cursor.skip(1)  // protocol
    case 0x95: try cursor.skip(8)  // frame
    case UInt8(ascii: "."):
      root = try pop(at)
      return false
    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: "0"): _ = try pop(at)
    case UInt8(ascii: "1"): _ = try popMarked(at)
    case UInt8(ascii: "2"):
      guard let top = stack.last else { throw FileFault("has a broken pickle", byte: at) }
      stack.append(top)
    case UInt8(ascii: "c"):
      let module = try cursor.line()
      stack.append(.global("\(module).\(try cursor.line())"))
    case 0x93:
      guard case .text(let name) = try pop(at), case .text(let module) = try pop(at) else {
        throw FileFault("has a broken pickle", byte: at)
      }
      stack.append(.global("\(module).\(name)"))
    case UInt8(ascii: "R"):
      let arguments = try pop(at)
      try call(try pop(at), arguments, at)
    case 0x81: try instantiate(keywords: false, at)
    case 0x92: try instantiate(keywords: true, at)
    case UInt8(ascii: "i"):
      let module = try cursor.line()
      throw RefusedGlobal(name: "\(module).\(try cursor.line())")
    case UInt8(ascii: "o"):
      guard case .global(let name)? = try popMarked(at).first else {
        throw FileFault("has a broken pickle", byte: at)
      }
      throw RefusedGlobal(name: name)
    case UInt8(ascii: "b"):
      let state = try pop(at)
      try build(state, at)
    case UInt8(ascii: "P"): push(.persistent(.text(try cursor.line())))
    case UInt8(ascii: "Q"):
      let identifier = try pop(at)
      // Old whole-object files: a class together with its source text.
      if let parts = tuple(identifier), parts.count > 1, parts[0] == .text("module"),
        case .global = parts[1]
      {
        stack.append(parts[1])
      } else {
        push(.persistent(identifier))
      }
    case 0x82, 0x83, 0x84:
      throw FileFault(
        "uses Python's extension registry, which a file of weights never needs", byte: at)
    default:
      if try scalar(code, &cursor) { return true }
      if try container(code, at) { return true }
      if try memory(code, &cursor, at) { return true }
      throw FileFault("has a byte \(code) that is not a pickle opcode", byte: at)
    }
    return true
  }

  /// Numbers, texts and bytes.
  private mutating func scalar(_ code: UInt8, _ cursor: inout ByteCursor) throws -> Bool {
    let at = cursor.offset
    func number<T>(_ text: String, _ value: T?) throws(FileFault) -> T {
      guard let value else { throw FileFault("has a bad number `\(text.prefix(20))`", byte: at) }
      return value
    }
    switch code {
    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "I"):
      let text = try cursor.line()
      stack.append(
        text == "01" ? .bool(true) : text == "00" ? .bool(false) : .int(try number(text, Int(text)))
      )
    case UInt8(ascii: "L"):
      let text = try cursor.line()
      stack.append(.int(try number(text, Int(text.hasSuffix("L") ? text.dropLast() : text[...]))))
    case UInt8(ascii: "F"):
      let text = try cursor.line()
      stack.append(.float(try number(text, Double(text))))
    case UInt8(ascii: "J"):
      stack.append(.int(Int(Int32(truncatingIfNeeded: try cursor.unsigned(4)))))
    case UInt8(ascii: "K"): stack.append(.int(try cursor.length(1)))
    case UInt8(ascii: "M"): stack.append(.int(try cursor.length(2)))
    case 0x8a, 0x8b:
      let bytes = Array(try cursor.take(try cursor.length(code == 0x8a ? 1 : 4)))
      guard bytes.count <= 8 else {
        stack.append(.bytes(bytes))
        break
      }
      let sign: Int = (bytes.last ?? 0) >= 0x80 ? -1 : 0
      stack.append(.int(bytes.reversed().reduce(sign) { $0 << 8 | Int($1) }))
    case UInt8(ascii: "G"):
      let bits = try cursor.unsigned(8).byteSwapped
      stack.append(.float(Double(bitPattern: bits)))
    case UInt8(ascii: "X"): stack.append(.text(try cursor.text(try cursor.length(4))))
    case 0x8c: stack.append(.text(try cursor.text(try cursor.length(1))))
    case 0x8d: stack.append(.text(try cursor.text(try cursor.length(8))))
    case UInt8(ascii: "V"): stack.append(.text(try cursor.line()))
    case UInt8(ascii: "S"):
      stack.append(.text(String(try cursor.line().dropFirst().dropLast())))
    case UInt8(ascii: "T"): stack.append(try shortText(&cursor, 4))
    case UInt8(ascii: "U"): stack.append(try shortText(&cursor, 1))
    case UInt8(ascii: "B"): stack.append(.bytes(Array(try cursor.take(try cursor.length(4)))))
    case UInt8(ascii: "C"): stack.append(.bytes(Array(try cursor.take(try cursor.length(1)))))
    case 0x8e, 0x96: stack.append(.bytes(Array(try cursor.take(try cursor.length(8)))))
    default: return false
    }
    return true
  }

  /// Python 2's byte strings, as text if they are valid UTF-8.
  private func shortText(_ cursor: inout ByteCursor, _ width: Int) throws -> Value {
    let bytes = try cursor.take(try cursor.length(width))
    return String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .bytes(Array(bytes))
  }

  /// Tuples, lists, dictionaries and sets.
  private mutating func container(_ code: UInt8, _ at: Int) throws -> Bool {
    switch code {
    case UInt8(ascii: ")"): push(.tuple([]))
    case 0x85: push(.tuple(try pop(1, at)))
    case 0x86: push(.tuple(try pop(2, at)))
    case 0x87: push(.tuple(try pop(3, at)))
    case UInt8(ascii: "t"): push(.tuple(try popMarked(at)))
    case UInt8(ascii: "]"), 0x8f: push(.list([]))
    case UInt8(ascii: "l"), 0x91: push(.list(try popMarked(at)))
    case UInt8(ascii: "}"): push(.dictionary([]))
    case UInt8(ascii: "d"):
      let items = try popMarked(at)
      push(.dictionary(try pairs(items, at)))
    case UInt8(ascii: "a"): try append(try pop(1, at), at)
    case UInt8(ascii: "e"), 0x90: try append(try popMarked(at), at)
    case UInt8(ascii: "s"): try insert(try pop(2, at), at)
    case UInt8(ascii: "u"): try insert(try popMarked(at), at)
    default: return false
    }
    return true
  }

  /// The memo.
  private mutating func memory(
    _ code: UInt8, _ cursor: inout ByteCursor, _ at: Int
  ) throws -> Bool {
    let key: Int
    switch code {
    case UInt8(ascii: "p"), UInt8(ascii: "g"):
      guard let number = Int(try cursor.line()) else {
        throw FileFault("has a broken pickle", byte: at)
      }
      key = number
    case UInt8(ascii: "q"), UInt8(ascii: "h"): key = try cursor.length(1)
    case UInt8(ascii: "r"), UInt8(ascii: "j"): key = try cursor.length(4)
    case 0x94: key = memo.count
    default: return false
    }
    switch code {
    case UInt8(ascii: "g"), UInt8(ascii: "h"), UInt8(ascii: "j"):
      guard let value = memo[key] else { throw FileFault("has a broken pickle", byte: at) }
      stack.append(value)
    default:
      guard let top = stack.last else { throw FileFault("has a broken pickle", byte: at) }
      memo[key] = top
    }
    return true
  }

  // MARK: The stack

  mutating func push(_ object: Object) {
    stack.append(.object(objects.count))
    objects.append(object)
  }

  mutating func push(_ value: Value) { stack.append(value) }

  private mutating func pop(_ at: Int) throws(FileFault) -> Value {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw FileFault("has a pickle that pops more values than it pushed", byte: at)
    }
    return value
  }

  private mutating func pop(_ count: Int, _ at: Int) throws(FileFault) -> [Value] {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw FileFault("has a pickle that pops more values than it pushed", byte: at)
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popMarked(_ at: Int) throws(FileFault) -> [Value] {
    guard let mark = marks.popLast(), mark <= stack.count else {
      throw FileFault("has a pickle without its mark", byte: at)
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private func pairs(_ items: [Value], _ at: Int) throws(FileFault) -> [(key: Value, value: Value)]
  {
    guard items.count.isMultiple(of: 2) else { throw FileFault("has a broken pickle", byte: at) }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
  }

  // MARK: Filling objects

  private mutating func append(_ items: [Value], _ at: Int) throws(FileFault) {
    guard case .object(let index)? = stack.last else {
      throw FileFault("has a broken pickle", byte: at)
    }
    switch objects[index] {
    case .list(var list):
      objects[index] = .tuple([])  // the only reference, so that appending copies nothing
      list += items
      objects[index] = .list(list)
    case .record(let type, let state, var old):
      objects[index] = .tuple([])
      old += items.map { (.int(old.count), $0) }
      objects[index] = .record(type: type, state: state, items: old)
    default: throw FileFault("appends to a value that is not a list", byte: at)
    }
  }

  private mutating func insert(_ items: [Value], _ at: Int) throws(FileFault) {
    let added = try pairs(items, at)
    guard case .object(let index)? = stack.last else {
      throw FileFault("has a broken pickle", byte: at)
    }
    switch objects[index] {
    case .dictionary(var old):
      objects[index] = .tuple([])
      old += added
      objects[index] = .dictionary(old)
    case .record(let type, let state, var old):
      objects[index] = .tuple([])
      old += added
      objects[index] = .record(type: type, state: state, items: old)
    default: throw FileFault("inserts into a value that is not a dictionary", byte: at)
    }
  }

  /// Sets an object's state: kept for records; attributes of an ordered dictionary are ignored.
  private mutating func build(_ state: Value, _ at: Int) throws(FileFault) {
    guard case .object(let index)? = stack.last else {
      if case .global? = stack.last { return }
      throw FileFault("has a broken pickle", byte: at)
    }
    if case .record(let type, _, let items) = objects[index] {
      objects[index] = .record(type: type, state: state, items: items)
    }
  }

  private mutating func instantiate(keywords: Bool, _ at: Int) throws {
    if keywords { _ = try pop(at) }
    let arguments = try pop(at)
    guard case .global(let name) = try pop(at) else {
      throw FileFault("creates an object of a value that is not a class", byte: at)
    }
    if PickleCalls.known(name) {
      try call(.global(name), arguments, at)
    } else {
      try PickleCalls.checkClass(name)
      push(.record(type: name, state: .none, items: []))
    }
  }

  private mutating func call(_ function: Value, _ arguments: Value, _ at: Int) throws {
    guard case .global(let name) = function else {
      throw FileFault("calls a value that is not a function", byte: at)
    }
    guard let arguments = tuple(arguments) else { throw FileFault("has a broken pickle", byte: at) }
    try PickleCalls.carryOut(name, arguments, in: &self, at)
  }
}
