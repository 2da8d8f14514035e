/// An HDF5 file for reading: its groups, datasets and attributes.
///
/// Glint has its own reader, with every access checked, because files come from unknown sources:
/// the HDF5 library (1.10) crashes on damaged files and opens other files that a file names.
/// Source: HDF5 File Format Specification 3.0.
///
/// ```swift
/// let file = try HDF5File(path: "locs.hdf5")
/// let records = try file.dataset("locs")?.records()
/// ```
package final class HDF5File {
  private let storage: HDF5Storage
  private let root: Int
  /// Names in the groups that were read so far, by the address of the group.
  private var groups: [Int: [String: HDF5Link]] = [:]
  private var rootLinks: [String: HDF5Link]?
  private var cachedLinks = 0

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
  /// Maximum depth of nested groups.
  private static let deepest = 32
  /// Maximum number of names looked up for one path, whose links may lead to other paths.
  private static let mostLookups = 256

  package static func recognizes(_ bytes: [UInt8]) -> Bool { bytes.starts(with: signature) }

  package convenience init(path: String) throws(FileFault) {
    try self.init(try ByteSource(path: path))
  }

  package convenience init(_ bytes: [UInt8]) throws(FileFault) {
    try self.init(ByteSource(bytes))
  }

  /// - Parameter verifiesChecksums: false lets a test reach code that a checksum protects.
  package init(_ source: ByteSource, verifiesChecksums: Bool = true) throws(FileFault) {
    let base = try Self.base(of: source)
    storage = HDF5Storage(source, base: base, verifies: verifiesChecksums)
    var head = try storage.cursor(at: 0, min(100, storage.size))
    try head.skip(8)
    let version = try head.byte()
    guard version <= 3 else {
      throw FileFault(
        "has HDF5 superblock version \(version), which is not supported", byte: base + 8)
    }
    let isOld = version < 2
    if isOld { try head.skip(4) }
    guard try head.byte() == 8, try head.byte() == 8 else {
      throw FileFault("has HDF5 addresses that are not 8 bytes long", byte: head.position)
    }
    // In old versions, parameters of the B-trees.
    try head.skip(version == 0 ? 9 : version == 1 ? 13 : 1)
    try head.skip(16)
    let end = try head.address()
    try head.skip(isOld ? 16 : 0)
    let address = try head.address()
    if !isOld { try storage.verify(head, upTo: head.offset) }
    guard let end, end <= source.count else {
      throw FileFault(
        "is truncated: it has \(source.count) of \(end.map(String.init) ?? "more") bytes",
        byte: source.count)
    }
    guard let address else { throw FileFault("has no root group", byte: head.position) }
    root = address
  }

  /// Where the HDF5 data starts: other bytes may precede them, 512 bytes or this times a power of
  /// two.
  private static func base(of source: ByteSource) throws(FileFault) -> Int {
    var base = 0
    while base <= source.count - signature.count {
      if try source.bytes(at: base, count: signature.count) == signature { return base }
      base = base == 0 ? 512 : 2 * base
    }
    throw FileFault("is not an HDF5 file", byte: 0)
  }

  // MARK: Paths

  /// Whether something of this name exists; "data/xyz" is in the group "data".
  package func has(_ path: String) throws(FileFault) -> Bool {
    var lookups = Self.mostLookups
    return try link(path, from: root, &lookups) != nil
  }

  /// The names in a group, sorted.
  package func names(in group: String = "/") throws(FileFault) -> [String] {
    guard let address = try address(of: group) else { return [] }
    return try links(at: address).keys.sorted()
  }

  /// A dataset by its path; nil if there is none.
  package func dataset(_ path: String) throws(FileFault) -> HDF5Dataset? {
    guard let address = try address(of: path) else { return nil }
    return try HDF5Dataset(storage, try storage.object(at: address), name: path)
  }

  /// The datasets that a dataset of object references refers to, at most 4096.
  package func targets(of references: HDF5Dataset) throws(FileFault) -> [HDF5Dataset] {
    var targets: [HDF5Dataset] = []
    for address in try references.references().prefix(4096) {
      targets.append(
        try HDF5Dataset(storage, try storage.object(at: address), name: references.name))
    }
    return targets
  }

  /// Paths of all objects below the root within this file, groups before their contents.
  package func paths() throws(FileFault) -> [(path: String, isDataset: Bool)] {
    var paths: [(path: String, isDataset: Bool)] = []
    var waiting = [(path: "", address: root, depth: 0)]
    while let next = waiting.popLast() {
      guard next.depth < Self.deepest, paths.count < 100_000 else {
        throw FileFault("nests its groups too deeply or in a cycle", byte: next.address)
      }
      let isDataset = try storage.object(at: next.address).first(HDF5Object.Kind.layout) != nil
      if !next.path.isEmpty { paths.append((next.path, isDataset)) }
      if isDataset { continue }
      let links = try links(at: next.address)
      for name in links.keys.sorted(by: >) {
        guard case .object(let address)? = links[name] else { continue }
        waiting.append(
          (next.path.isEmpty ? name : "\(next.path)/\(name)", address, next.depth + 1))
      }
      guard waiting.count < 1_000_000 else {
        throw FileFault("nests its groups too deeply or in a cycle", byte: next.address)
      }
    }
    return paths
  }

  private func address(of path: String) throws(FileFault) -> Int? {
    if path.allSatisfy({ $0 == "/" }) { return root }
    var lookups = Self.mostLookups
    guard let found = try link(path, from: root, &lookups) else { return nil }
    return try target(of: found.link, path, from: found.group, &lookups)
  }

  /// The link at the end of a path, and its group; nil if a step is missing.
  private func link(
    _ path: String, from start: Int, _ lookups: inout Int
  ) throws(FileFault) -> (link: HDF5Link, group: Int)? {
    var group = path.hasPrefix("/") ? root : start
    let steps = path.split(separator: "/").filter { $0 != "." }
    for (number, step) in steps.enumerated() {
      lookups -= 1
      guard lookups > 0 else {
        throw FileFault("has links that form a cycle (`\(path.prefix(80))`)")
      }
      guard let link = try links(at: group)[String(step)] else { return nil }
      if number == steps.count - 1 { return (link, group) }
      guard let next = try target(of: link, path, from: group, &lookups) else { return nil }
      group = next
    }
    return (.object(group), group)
  }

  /// The object that a link refers to.
  private func target(
    of link: HDF5Link, _ path: String, from group: Int, _ lookups: inout Int
  ) throws(FileFault) -> Int? {
    switch link {
    case .object(let address): return address
    case .path(let other):
      guard let next = try self.link(other, from: group, &lookups) else { return nil }
      return try target(of: next.link, other, from: next.group, &lookups)
    case .otherFile(let file):
      throw .refusal(
        "keeps `\(path)` in another file (\(file.isEmpty ? "unnamed" : file)), which is not opened",
        hint: "copy it into one file, for example with h5repack")
    }
  }

  private func links(at address: Int) throws(FileFault) -> [String: HDF5Link] {
    if let links = address == root ? rootLinks : groups[address] { return links }
    let links = try storage.links(of: try storage.object(at: address))
    if address == root {
      rootLinks = links
      return links
    }
    // A file may have as many groups as frames; in a damaged file they may share their names.
    cachedLinks += links.count + 1
    if cachedLinks > 1 << 20 {
      groups.removeAll()
      cachedLinks = links.count
    }
    groups[address] = links
    return links
  }

  // MARK: Attributes

  package func hasAttribute(_ name: String, of object: String = "/") throws(FileFault) -> Bool {
    try attribute(name, object) != nil
  }

  /// A numeric attribute with one value. h5py's booleans are enumerations of integers.
  package func number(_ name: String, of object: String = "/") throws(FileFault) -> Double? {
    let numbers = try numbers(name, of: object)
    return numbers?.count == 1 ? numbers?[0] : nil
  }

  /// A numeric attribute with any number of values.
  package func numbers(_ name: String, of object: String = "/") throws(FileFault) -> [Double]? {
    try attribute(name, object)?.numbers
  }

  /// An attribute with one text.
  package func text(_ name: String, of object: String = "/") throws(FileFault) -> String? {
    let texts = try texts(name, of: object)
    return texts?.count == 1 ? texts?[0] : nil
  }

  /// An attribute with any number of texts.
  package func texts(_ name: String, of object: String = "/") throws(FileFault) -> [String]? {
    try attribute(name, object)?.texts(storage)
  }

  /// The attributes with text of an object, by name. Several texts are joined: Imaris stores each
  /// character as a text of its own.
  package func joinedTexts(
    of object: String, where isWanted: (String) -> Bool = { _ in true }
  ) throws(FileFault) -> [String: String] {
    guard let address = try address(of: object) else { return [:] }
    var joined: [String: String] = [:]
    for attribute in try storage.attributes(of: try storage.object(at: address), where: isWanted) {
      if let texts = try attribute.texts(storage) { joined[attribute.name] = texts.joined() }
    }
    return joined
  }

  /// The names of an object's attributes, sorted.
  package func attributeNames(of object: String = "/") throws(FileFault) -> [String] {
    guard let address = try address(of: object) else { return [] }
    return try storage.attributes(of: try storage.object(at: address)).map(\.name).sorted()
  }

  private func attribute(_ name: String, _ object: String) throws(FileFault) -> HDF5Attribute? {
    guard let address = try address(of: object) else { return nil }
    return try storage.attributes(
      of: try storage.object(at: address), where: { $0 == name }
    ).first
  }
}
