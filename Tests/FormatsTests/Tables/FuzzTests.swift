import Compute
import Containers
import Formats
import Foundation
import Microscopy
import Testing

/// Damaged files of every kind: a reader returns or throws its typed error; it never traps or
/// hangs.
///
/// GLINT_FUZZ multiplies the number of damaged copies; with GLINT_SLOW there are 20,000 of each kind.
@Suite struct FuzzTests {
  private static let effort: Int = {
    let environment = ProcessInfo.processInfo.environment
    return environment["GLINT_FUZZ"].flatMap { Int($0) }
      ?? (environment["GLINT_SLOW"] == nil ? 1 : 100)
  }()

  private static let tables = [
    "csv", "challenge", "decode", "rapidstorm", "insight3", "olist", "picasso", "picasso-embedded",
    "smlm", "smap", "tsf", "minflux", "minflux-json", "elyra", "commas", "numbers",
  ]

  /// What the reader is told, so that damage reaches the code behind it.
  private func options(_ kind: String) -> TableOptions {
    TableOptions(
      pixelSize: 100, unit: kind == "numbers" ? .px : nil,
      map: kind == "numbers" ? "frame=1,x=2,y=3" : nil)
  }

  /// An intact file of each kind with its companion file.
  private func sound(_ kind: String, in folder: TemporaryFolder) throws -> String {
    switch kind {
    case "csv":
      try Tables.write(sampleTable(rows: 40), to: folder.file("t.csv"))
      return folder.file("t.csv")
    case "challenge":
      let text = "Ground-truth,frame,xnano,ynano,znano,intensity \n    1,  2, 3.5, 4, 5, 6 \n"
      let path = try folder.write(text, to: "c.csv")
      return path
    case "decode":
      let text =
        "# {\"xy_unit\": \"px\", \"px_size\": [1, 1]}\nx,y,frame_ix,id\n1.5,2,3,4\n2,3,4,5\n"
      let path = try folder.write(text, to: "d.csv")
      return path
    case "rapidstorm":
      var text = "# <localizations a=\"b\">"
      for name in ["Position-0-0", "Position-1-0"] {
        text += "<field identifier=\"\(name)\" unit=\"nanometer\" />"
      }
      text +=
        "<field identifier=\"ImageNumber-0-0\" unit=\"frame\" /></localizations>\n1 2 3\n4 5 6\n"
      let path = try folder.write(text, to: "r.txt")
      return path
    case "insight3":
      var data = Data("M425".utf8)
      for value in [Int32(1), 6, 3] { withUnsafeBytes(of: value.littleEndian) { data += $0 } }
      for row in 0..<3 * 18 { withUnsafeBytes(of: Int32(row % 18 + 1)) { data += $0 } }
      let path = try folder.write(data, to: "m.bin")
      return path
    case "smlm", "smap":
      let path = folder.file(kind == "smlm" ? "t.smlm" : "t_sml.mat")
      try Tables.write(sampleTable(rows: 20), to: path)
      return path
    case "tsf": return try folder.write(BinaryTableTests.taggedSpots(unit: 0), to: "t.tsf")
    case "minflux":
      let type =
        "[('itr', [('loc', '<f8', (3,)), ('efo', '<f8')], (2,)), ('tid', '<i4'), ('vld', '|b1')]"
      var header = "{'descr': \(type), 'fortran_order': False, 'shape': (3,), }"
      header += String(repeating: " ", count: 181 - header.utf8.count) + "\n"
      var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 182, 0]) + Data(header.utf8)
      data += Data((0..<3 * 69).map { UInt8($0 % 5) })
      return try folder.write(data, to: "m.npy")
    case "minflux-json":
      let text = "[{\"vld\": true, \"tid\": 3, \"itr\": [{\"loc\": [1e-7, 2e-7, 0], \"efo\": 4}]},"
      return try folder.write(
        text + " {\"vld\": true, \"tid\": 4, \"loc\": [1, 2, 3]}]", to: "m.json")
    case "elyra":
      let text =
        "Index\tFirst Frame\tPosition X [nm]\tPosition Y [nm]\r\n1\t5\t125\t75\r\n2\t6\t5\t7\r\n"
      return try folder.write(text + "\0\r\r\nVoxelSizeX : 0.05 µm\r\r\n", to: "e.txt")
    case "commas":
      return try folder.write("frame;x [nm];y [nm]\n2;150,5;\"0,25\"\n;;\n3;1,5;2\n", to: "c.csv")
    case "numbers": return try folder.write("1 2.5 3\n2 3.5 4\n", to: "n.txt")
    case "olist":
      let path = try folder.write("1.5 2 3 4\n5 6 7 8\n", to: "m_olist.txt")
      return path
    default:
      try Tables.write(sampleTable(rows: 40), to: folder.file("t.hdf5"))
      if kind == "picasso-embedded" {
        try FileManager.default.removeItem(atPath: folder.file("t.yaml"))
      }
      return folder.file("t.hdf5")
    }
  }

  private func readTable(_ path: String, _ options: TableOptions? = nil) {
    do {
      let table = try Tables.read(path, options: options ?? TableOptions(pixelSize: 100))
      for quantity in table.quantities { #expect(table[quantity]?.count == table.count) }
    } catch {
      #expect(error is TableError, "\(path): \(error)")
    }
  }

  private func readCamera(_ path: String) {
    do { _ = try CameraFiles.read(path) } catch {
      #expect(error is CameraFileError, "\(path): \(error)")
    }
  }

  @Test(arguments: tables)
  func damagedTables(kind: String) throws {
    let folder = try TemporaryFolder()
    let path = try sound(kind, in: folder)
    let options = options(kind)
    #expect(try Tables.read(path, options: options).count > 0)
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    for copy in damagedCopies(of: data, count: 200 * Self.effort, seed: 5) {
      try copy.write(to: URL(fileURLWithPath: path))
      readTable(path, options)
    }
  }

  /// Damage inside an archive, behind its checksums.
  @Test(arguments: ["manifest.json", "table-0.bin"]) func damagedMembers(name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("t.smlm")
    try Tables.write(sampleTable(rows: 20), to: path)
    let archive = try ZipArchive(InputFile.contents(of: path))
    let members = try archive.members.map { ($0.name, try archive.read($0)) }
    let sound = Data(try #require(members.first { $0.0 == name }).1)
    for copy in damagedCopies(of: sound, count: 200 * Self.effort, seed: 9) {
      var bytes: [UInt8] = []
      var writer = ZipWriter()
      for (member, content) in members {
        let content = member == name ? [UInt8](copy) : content
        let sum = content.withUnsafeBytes { ZipWriter.checksum($0) }
        writer.add(member, at: bytes.count, size: content.count, checksum: sum)
        bytes += ZipWriter.header(member, size: content.count, checksum: sum) + content
      }
      try Data(bytes + writer.directory(at: bytes.count)).write(to: URL(fileURLWithPath: path))
      readTable(path)
    }
  }

  @Test(arguments: ["t.yaml", "t-protocol.txt"])
  func damagedCompanions(name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file(name == "t.yaml" ? "t.hdf5" : "t.csv")
    try Tables.write(sampleTable(rows: 4), to: path)
    let data = try Data(contentsOf: URL(fileURLWithPath: folder.file(name)))
    for copy in damagedCopies(of: data, count: 200 * Self.effort, seed: 6) {
      try copy.write(to: URL(fileURLWithPath: folder.file(name)))
      readTable(path)
    }
  }

  @Test func damagedCameras() throws {
    let folder = try TemporaryFolder()
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, 2), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    var numpy = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(header.utf8)
    for value in 1...12 { withUnsafeBytes(of: Float(value)) { numpy += $0 } }
    let three = Image(width: 5, height: 4, pixels: (1...20).map { Float($0) })
    try Images.write(three, to: folder.file("c.tif"))
    let tiff = try Data(contentsOf: URL(fileURLWithPath: folder.file("c.tif")))
    let text = Data("{\"offset\": 100, \"gain\": 2.1, \"qe\": 0.8, \"read_noise\": 1}".utf8)
    for (index, data) in [numpy, tiff, text].enumerated() {
      let path = try folder.write(data, to: "camera\(index)")
      readCamera(path)
      for copy in damagedCopies(of: data, count: 200 * Self.effort, seed: 7) {
        try copy.write(to: URL(fileURLWithPath: path))
        readCamera(path)
      }
    }
  }

  @Test func noise() throws {
    let folder = try TemporaryFolder()
    var random = SampleGenerator(seed: 8)
    for length in [1, 2, 7, 8, 16, 100, 4095, 4096, 5000] {
      for round in 0..<12 {
        // Half of them look like text.
        let range: ClosedRange<UInt8> = round % 2 == 0 ? 0...255 : 32...126
        let data = Data((0..<length).map { _ in UInt8.random(in: range, using: &random) })
        let path = try folder.write(data, to: "noise.csv")
        readTable(path)
        readCamera(path)
      }
    }
  }

  @Test func aliasesDoNotMultiply() throws {
    let folder = try TemporaryFolder()
    try Tables.write(sampleTable(rows: 4), to: folder.file("t.hdf5"))
    var yaml = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<40 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      yaml += "a\(level): &a\(level) [\(aliases)]\n"
    }
    _ = try folder.write(yaml + "Width: 7\n", to: "t.yaml")
    #expect(try Tables.read(folder.file("t.hdf5")).field.width == 7)
    let camera = try folder.write(yaml, to: "c.yaml")
    readCamera(camera)
  }

  @Test func longLines() throws {
    let folder = try TemporaryFolder()
    let text = "frame,x [nm],y [nm]\n1,2," + String(repeating: "3", count: 5_000_000) + "\n"
    readTable(try folder.write(text, to: "a.csv"))
    readTable(try folder.write(String(repeating: "frame,", count: 4_000_000), to: "b.csv"))
  }
}

/// Cuts, flipped bits, overwritten bytes and noise.
func damagedCopies(of data: Data, count: Int, seed: UInt64) -> [Data] {
  var random = SampleGenerator(seed: seed)
  // Structures are at the ends of a file, rows in between.
  func place() -> Int {
    let end = min(data.count, 6000)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return Int.random(in: 0..<data.count, using: &random)
    case 1: return data.count - 1 - Int.random(in: 0..<end, using: &random)
    default: return Int.random(in: 0..<end, using: &random)
    }
  }
  return (0..<count).map { copy in
    var bytes = data
    switch copy % 4 {
    case 0: return data.prefix(place())
    case 1:
      bytes[place()] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2:
      for _ in 0..<4 {
        bytes[place()] = UInt8.random(in: 0...255, using: &random)
      }
    default:
      let start = place()
      for place in start..<min(data.count, start + 64) {
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
    }
    return bytes
  }
}
