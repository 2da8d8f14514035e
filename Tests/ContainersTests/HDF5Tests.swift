import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Containers

/// Files that h5py writes in every layout, compared value by value.
@Suite(.python("h5py", "numpy")) struct HDF5Tests {
  struct Expected: Decodable {
    struct Numbers: Decodable {
      let shape: [Int]
      let values: [Double]
    }
    enum Value: Decodable, Equatable {
      case number(Double)
      case text(String)
      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
          self = .number(number)
        } else {
          self = .text(try container.decode(String.self))
        }
      }
    }
    let numbers: [String: Numbers]
    let texts: [String: [String]]
    let tables: [String: [String: [Double]]]
    let attributes: [String: [String: [Value]]]
  }

  private func write(
    _ script: String, _ versions: [String], in folder: URL
  ) throws -> String {
    let path = folder.appendingPathComponent("m.h5").path
    _ = try Python.run(script, [path] + versions)
    return path
  }

  /// A small file whose only row would take more memory than any small file may.
  @Test func aWideRowWithoutData() throws {
    try withScratchFolder { folder in
      _ = try Python.run(
        """
        import h5py
        with h5py.File("wide.h5", "w") as file:
            file.create_dataset("wide", (1, 30_000_000), "f4")
        """, in: folder)
      let file = try HDF5File(path: folder.appendingPathComponent("wide.h5").path)
      let wide = try #require(try file.dataset("wide"))
      #expect(throws: FileFault.self) { try wide.floats() }
    }
  }

  @Test(arguments: [
    ["earliest", "latest", "0"], ["earliest", "latest", "1"], ["v108", "v110", "0"],
    ["v110", "v110", "1"], ["latest", "latest", "0"], ["latest", "latest", "1"],
  ])
  func everyValueIsRead(_ versions: [String]) throws {
    try withScratchFolder { folder in
      let path = try write(HDF5Files.matrix, versions, in: folder)
      let expected = try JSONDecoder().decode(
        Expected.self, from: Data(contentsOf: URL(fileURLWithPath: path + ".json")))
      let file = try HDF5File(path: path)
      for (name, numbers) in expected.numbers {
        try check(name, numbers, in: file)
      }
      for (name, texts) in expected.texts {
        let dataset = try #require(try file.dataset(name))
        #expect(try dataset.texts() == texts, "\(name)")
        #expect(try dataset.text() == (texts.count == 1 ? texts[0] : nil), "\(name)")
      }
      for (name, table) in expected.tables { try check(name, table, in: file) }
      for (owner, attributes) in expected.attributes {
        #expect(try file.attributeNames(of: owner) == attributes.keys.sorted())
        for (name, values) in attributes {
          try check(name, of: owner, values, in: file)
        }
      }
      #expect(try file.dataset("layouts/nothing")?.hasValue == false)
      #expect(try file.dataset("layouts/nothing")?.numbers() == [])
      try checkNames(file, expected)
    }
  }

  private func check(_ name: String, _ expected: Expected.Numbers, in file: HDF5File) throws {
    let dataset = try #require(try file.dataset(name), "\(name)")
    #expect(dataset.shape == expected.shape, "\(name)")
    let numbers = try dataset.numbers()
    #expect(numbers == expected.values, "\(name)")
    #expect(try dataset.floats() == expected.values.map { Float($0) }, "\(name)")
    // A range of rows gives the same values as the whole dataset.
    guard let rows = expected.shape.first, !numbers.isEmpty, rows > 1 else { return }
    let bytes = try wholeBytes(dataset, 0..<rows)
    for range in [0..<1, rows / 3..<rows / 3 + 1, rows / 4..<rows - 1, rows - 1..<rows] {
      let part = bytes.count / rows
      #expect(
        try wholeBytes(dataset, range)
          == Array(bytes[range.lowerBound * part..<range.upperBound * part]), "\(name) \(range)")
    }
  }

  private func wholeBytes(_ dataset: HDF5Dataset, _ rows: Range<Int>) throws -> [UInt8] {
    let all = dataset.shape.reduce(1, *) * dataset.elementBytes
    var bytes = [UInt8](repeating: 1, count: all / dataset.shape[0] * rows.count)
    try bytes.withUnsafeMutableBytes { try dataset.read(rows, into: $0) }
    return bytes
  }

  private func check(_ name: String, _ expected: [String: [Double]], in file: HDF5File) throws {
    let records = try #require(try file.dataset(name)).records()
    #expect(records.names == ["frame", "x", "y", "id", "ok", "half", "last"])
    for rows in [0..<records.count, records.count / 3..<records.count / 2] {
      for (field, column) in zip(records.names, try records.columns(rows)) {
        #expect(column == expected[field].map { Array($0[rows]) }, "\(name) \(field)")
      }
    }
  }

  private func check(
    _ name: String, of owner: String, _ values: [Expected.Value], in file: HDF5File
  ) throws {
    let found =
      try file.numbers(name, of: owner)?.map { Expected.Value.number($0) }
      ?? file.texts(name, of: owner)?.map { Expected.Value.text($0) }
    #expect(found == values, "\(owner) \(name)")
  }

  private func checkNames(_ file: HDF5File, _ expected: Expected) throws {
    #expect(try file.names(in: "few") == (0..<12).map { String(format: "member %02d", $0) })
    #expect(try file.names(in: "links").count == 3003)
    #expect(try file.has("links/member 2999"))
    #expect(try !file.has("links/member 3000"))
    #expect(try file.has("links/relative"))
    #expect(try file.has("links/dangling"))
    #expect(try file.dataset("links/dangling") == nil)
    #expect(try !file.has("types/truth/beyond"))
    #expect(try !file.hasAttribute("text", of: "/nowhere"))
    let paths = try file.paths()
    let datasets = Set(paths.filter(\.isDataset).map(\.path))
    let named = [
      Array(expected.numbers.keys), Array(expected.texts.keys), Array(expected.tables.keys),
    ]
    #expect(
      datasets == Set(named.joined()).subtracting(["links/soft"]).union(["layouts/nothing"]))
  }

  /// The arrays of chunk numbers have pages only from 131,056 chunks on.
  @Test func pagedExtensibleArray() throws {
    try withScratchFolder { folder in
      let script = """
        import h5py, numpy as np, sys
        f = h5py.File(sys.argv[1], "w", libver="latest")
        f.create_dataset("d", data=np.arange(140000) % 251, dtype="u1", chunks=(1,), maxshape=(None,))
        d = f.create_dataset("far", (400000,), dtype="u1", chunks=(2,), maxshape=(None,))
        d[399990:] = 7
        """
      let file = try HDF5File(path: write(script, [], in: folder))
      let numbers = try #require(try file.dataset("d")).numbers()
      #expect(numbers == (0..<140_000).map { Double($0 % 251) })
      let far = try #require(try file.dataset("far")).numbers()
      #expect(far.indices.filter { far[$0] == 7 } == Array(399_990..<400_000))
    }
  }

  /// Unsupported filters and links to other files give an error that names them.
  @Test(arguments: ["earliest", "latest"])
  func refusals(_ version: String) throws {
    try withScratchFolder { folder in
      let script = """
        import h5py, numpy as np, sys
        f = h5py.File(sys.argv[1], "w", libver=sys.argv[2])
        f["link"] = h5py.ExternalLink("/etc/passwd", "/locs")
        f["group/link"] = h5py.ExternalLink("other.h5", "/")
        f.create_dataset("raw", (20,), "u1", external=[("/etc/passwd", 0, 20)])
        f.create_dataset("scaled", data=np.arange(40), chunks=(8,), scaleoffset=0)
        if sys.argv[2] == "latest":
          layout = h5py.VirtualLayout((4,), "f4")
          layout[:] = h5py.VirtualSource("other.h5", "d", (4,))
          f.create_virtual_dataset("virtual", layout)
        """
      let file = try HDF5File(path: write(script, [version], in: folder))
      #expect(try file.has("link"))
      var cases = [
        ("link", "in another file (/etc/passwd), which is not opened"),
        ("group/link/x", "in another file (other.h5)"), ("raw", "`raw` in other files"),
        ("scaled", "`scaled` with scaleoffset, which is not supported"),
      ]
      if version == "latest" { cases.append(("virtual", "a virtual dataset")) }
      for (name, words) in cases {
        do {
          _ = try file.dataset(name)
          Issue.record("\(name) was opened")
        } catch let fault as FileFault {
          #expect(fault.kind == .refusal)
          #expect(fault.reason.contains(words), "\(fault)")
        }
      }
    }
  }

  @Test func circlesEnd() throws {
    try withScratchFolder { folder in
      let script = """
        import h5py, sys
        f = h5py.File(sys.argv[1], "w")
        f["a"] = h5py.SoftLink("/b")
        f["b"] = h5py.SoftLink("/a")
        f["c"] = h5py.SoftLink("/c/c/c/c")
        g = f.create_group("g")
        g["again"] = g
        """
      let file = try HDF5File(path: write(script, [], in: folder))
      #expect(throws: FileFault.self) { try file.dataset("a") }
      #expect(throws: FileFault.self) { try file.dataset("c/c") }
      #expect(throws: FileFault.self) { try file.paths() }
      #expect(try file.has("g/again/again/again"))
    }
  }

  /// A file that shrinks while it is read gives an error, not a signal or zeros.
  @Test func shrinkingFile() throws {
    try withScratchFolder { folder in
      let script = """
        import h5py, numpy as np, sys
        h5py.File(sys.argv[1], "w")["d"] = np.arange(1e6)
        """
      let path = try write(script, [], in: folder)
      let dataset = try #require(try HDF5File(path: path).dataset("d"))
      #expect(truncate(path, 100_000) == 0)
      #expect(throws: FileFault.self) { try dataset.numbers() }
      #expect(throws: FileFault.self) { try HDF5File(path: path) }
    }
  }

  /// A small file that claims much data, or refers to the same bytes many times, is rejected before
  /// memory is allocated.
  @Test func hostileSizes() throws {
    try withScratchFolder { folder in
      let script = """
        import h5py, numpy as np, sys
        f = h5py.File(sys.argv[1], "w")
        f.create_dataset("empty", (10**9,), "f8", chunks=(1000,))
        f.create_dataset("never", (10**9,), "f8")
        f.create_dataset("packed", data=np.zeros(60000000, "u1"), chunks=(10**6,), compression="gzip")
        f.create_dataset("records", (10**9,), [("x", "f4")], chunks=(1000,))
        """
      let file = try HDF5File(path: write(script, [], in: folder))
      for name in ["empty", "never", "packed"] {
        let dataset = try #require(try file.dataset(name))
        #expect(throws: FileFault.self, "\(name)") { try dataset.numbers() }
      }
      let records = try #require(try file.dataset("records"))
      #expect(throws: FileFault.self) { try records.records() }
    }
  }

  /// An Imaris file, for which this package has no reader yet, can be traversed.
  @Test(.data("formats/ims/Minimal_IMS_File.ims"))
  func imaris() throws {
    let path = SharedData.path("formats/ims/Minimal_IMS_File.ims")
    let file = try HDF5File(path: path)
    let paths = try file.paths()
    let data = "DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"
    #expect(paths.contains { $0.path == data && $0.isDataset })
    for (path, isDataset) in paths {
      for name in try file.attributeNames(of: path) {
        _ = try file.texts(name, of: path)
      }
      guard isDataset, let dataset = try file.dataset(path), dataset.isNumeric else { continue }
      #expect(try dataset.numbers().count == dataset.shape.reduce(1, *), "\(path)")
    }
    let version = try file.texts("ImarisVersion", of: "/")?.joined()
    #expect(version?.isEmpty == false)
  }
}
