import Containers
import Foundation
import TestConditions
import TestSupport
import Testing

/// Attributes, decoded by Glint's own reader, compared with files that h5py writes in every layout.
@Suite(.python("h5py", "numpy")) struct HDF5AttributeTests {
  /// How a file is laid out, as arguments of h5py's `File`. A number of other attributes moves them
  /// out of the first header block, and in the newest layout out of the header.
  struct Layout: Sendable, CustomStringConvertible {
    var options: String
    var others: Int
    var description: String { "\(options.isEmpty ? "default" : options), \(others) others" }
  }

  static let layouts = ["", "libver='latest'", "userblock_size=512", "track_order=True"].flatMap {
    options in [0, 5, 40].map { Layout(options: options, others: $0) }
  }

  /// Writes one attribute of each kind to the root and to a group.
  private func write(_ layout: Layout, to path: String) throws {
    let script = """
      import h5py, numpy
      with h5py.File("\(path)", "w"\(layout.options.isEmpty ? "" : ", " + layout.options)) as f:
        f["data"] = numpy.arange(1000)
        for o in (f, f.create_group("meta")):
          a = o.attrs
          for i in range(\(layout.others)): a["other %d" % i] = "text " * i
          a["whole"] = numpy.int16(-7)
          a["large"] = numpy.uint64(2**40)
          a["real"] = 0.1
          a["short"] = numpy.float32(0.5)
          a["big endian"] = numpy.array(-3, dtype=">i4")
          a["truth"] = True
          a["list"] = [127.0, 117.0]
          a["fixed"] = numpy.bytes_("fixed text")
          a["variable"] = "variable \\u00b5m"
          a["none"] = h5py.Empty("f")
      """
    #expect(try Python.run(script).isEmpty)
  }

  @Test(arguments: layouts)
  func readsWhatH5pyWrites(_ layout: Layout) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.h5")
    try write(layout, to: path)
    let file = try HDF5File(path: path)
    for object in ["/", "/meta"] {
      #expect(try file.number("whole", of: object) == -7)
      #expect(try file.number("large", of: object) == 1_099_511_627_776)
      #expect(try file.number("real", of: object) == 0.1)
      #expect(try file.number("short", of: object) == 0.5)
      #expect(try file.number("big endian", of: object) == -3)
      #expect(try file.number("truth", of: object) == 1)
      #expect(try file.number("list", of: object) == nil)
      #expect(try file.numbers("list", of: object) == [127, 117])
      #expect(try file.text("fixed", of: object) == "fixed text")
      #expect(try file.text("variable", of: object) == "variable µm")
      #expect(try file.number("fixed", of: object) == nil)
      #expect(try file.text("whole", of: object) == nil)
      #expect(try file.number("none", of: object) == nil)
      #expect(try file.hasAttribute("real", of: object))
      #expect(try !file.hasAttribute("unreal", of: object))
    }
    #expect(try !file.hasAttribute("real", of: "/nowhere"))
  }

  /// Damages every byte of a small file in turn, so that every field of every message is wrong
  /// once: all its bits, or one of them.
  @Test(arguments: ["", "libver='latest'"])
  func damagedAttributes(_ options: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.h5")
    try write(Layout(options: options, others: 0), to: path)
    let sound = try Data(contentsOf: URL(fileURLWithPath: path))
    let names = ["whole", "real", "truth", "list", "fixed", "variable", "none", "nothing"]
    var read = 0
    for place in 0..<min(sound.count, 6000) {
      var damaged = sound
      damaged[place] ^= place.isMultiple(of: 2) ? 0xFF : 1 << UInt8(place / 2 % 8)
      try damaged.write(to: URL(fileURLWithPath: path))
      guard let file = try? HDF5File(path: path) else { continue }
      for object in ["/", "/meta"] {
        for name in names
        where (try? file.numbers(name, of: object)) ?? nil != nil
          || (try? file.text(name, of: object)) ?? nil != nil
        {
          read += 1
        }
      }
    }
    // Damage elsewhere leaves attributes readable, which shows that the test reached them.
    #expect(read > sound.count)
  }
}
