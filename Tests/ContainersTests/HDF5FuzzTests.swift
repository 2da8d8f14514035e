import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Containers

/// Damaged files give a typed error or values, never a trap, a hang or unbounded memory.
///
/// Checksums are not verified here, so that damage reaches the code that they protect.
@Suite(.python("h5py", "numpy")) struct HDF5FuzzTests {
  static let versions = [["earliest", "latest"], ["latest", "latest"]]
  /// A sanitizer makes the reader many times slower.
  private static let limit: Duration =
    ProcessInfo.processInfo.environment["GLINT_SANITIZER"] == nil ? .seconds(5) : .seconds(60)
  /// GLINT_FUZZ multiplies the number of damaged copies.
  private static let effort = Int(ProcessInfo.processInfo.environment["GLINT_FUZZ"] ?? "") ?? 1

  private func small(_ versions: [String]) throws -> [UInt8] {
    try withScratchFolder { folder in
      let path = folder.appendingPathComponent("s.h5").path
      _ = try Python.run(HDF5Files.small, [path] + versions)
      return try InputFile.contents(of: path)
    }
  }

  /// Reads everything; returns the number of items that could be read.
  @discardableResult
  private func walk(_ bytes: [UInt8], verifies: Bool = false) throws(FileFault) -> Int {
    let file = try HDF5File(ByteSource(bytes), verifiesChecksums: verifies)
    var read = 0
    func attempt(_ body: () throws(FileFault) -> Void) {
      do {
        try body()
        read += 1
      } catch { #expect(!error.words.isEmpty) }
    }
    for object in ["/", "g"] {
      attempt { () throws(FileFault) in
        for name in try file.attributeNames(of: object) {
          _ = try file.numbers(name, of: object)
          _ = try file.texts(name, of: object)
        }
      }
    }
    for path in ["soft", "d/one", "reference"] {
      attempt { () throws(FileFault) in
        guard let dataset = try file.dataset(path) else { return }
        _ = dataset.isReference ? try file.targets(of: dataset).count : try dataset.floats().count
      }
    }
    for (path, isDataset) in try file.paths() where isDataset {
      attempt { () throws(FileFault) in
        guard let dataset = try file.dataset(path) else { return }
        if dataset.isNumeric { _ = try dataset.numbers() }
        _ = try dataset.texts()
        if path == "locs" {
          let records = try dataset.records()
          _ = try records.columns(0..<records.count)
        }
      }
    }
    return read
  }

  private func survive(_ bytes: [UInt8], _ what: String) -> Int {
    let start = ContinuousClock.now
    let read = (try? walk(bytes)) ?? 0
    let time = ContinuousClock.now - start
    #expect(time < Self.limit, "\(what) took \(time)")
    return read
  }

  @Test(arguments: versions) func soundFileIsReadWhole(_ versions: [String]) throws {
    let bytes = try small(versions)
    #expect(try walk(bytes, verifies: true) == 24)
  }

  @Test(arguments: versions) func everyTruncationIsAnError(_ versions: [String]) throws {
    let bytes = try small(versions)
    for end in 0..<bytes.count {
      #expect(throws: FileFault.self, "cut at \(end)") { try walk(Array(bytes[..<end])) }
    }
  }

  @Test(arguments: versions) func everyChangedByteIsSurvived(_ versions: [String]) throws {
    let bytes = try small(versions)
    var read = 0
    for place in bytes.indices {
      // All bits, or one of them; longer runs try both and zeros.
      let all = [bytes[place] ^ 0xff, bytes[place] ^ 1 << UInt8(place / 2 % 8), 0]
      for value in Self.effort > 1 ? all : [all[place % 2]] where value != bytes[place] {
        var damaged = bytes
        damaged[place] = value
        read += survive(damaged, "byte \(place) = \(value)")
      }
    }
    // Damage in one place leaves others readable, which shows that the test reached them.
    #expect(read > 15 * bytes.count)
  }

  @Test(arguments: versions) func randomDamageIsSurvived(_ versions: [String]) throws {
    let bytes = try small(versions)
    var random = SplitMix(state: 0x1234)
    for round in 0..<2000 * Self.effort {
      var damaged = bytes
      for _ in 0..<Int.random(in: 2...12, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] = .random(
          in: 0...255, using: &random)
      }
      if round % 4 == 0 {
        let from = Int.random(in: damaged.indices, using: &random)
        let count = min(damaged.count - from, Int.random(in: 1...64, using: &random))
        for place in from..<from + count {
          damaged[place] = .random(in: 0...255, using: &random)
        }
      }
      _ = survive(damaged, "round \(round)")
    }
  }

  /// Damage that ends libhdf5 1.10.8 or makes it allocate gigabytes, also in a file of libhdf5's own
  /// default layout.
  @Test func knownDamageIsSurvived() throws {
    let bytes = try small(["earliest", "latest"])
    for place in [0x80, 0xA8] {
      for count in [1, 2, 4, 8] {
        var damaged = bytes
        for byte in place..<place + count { damaged[byte] = 0xFF }
        _ = survive(damaged, "\(count) bytes at \(place)")
      }
    }
  }

  /// A dataset in its header whose size is 0, although its shape asks for values.
  @Test func aCompactLayoutWithoutBytesIsAnError() throws {
    try withScratchFolder { folder in
      let path = folder.appendingPathComponent("c.h5").path
      _ = try Python.run(
        """
        import sys, h5py, numpy
        with h5py.File(sys.argv[1], "w") as f:
          space = h5py.h5s.create_simple((1000,))
          layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
          layout.set_layout(h5py.h5d.COMPACT)
          data = h5py.h5d.create(f.id, b"x", h5py.h5t.IEEE_F32LE, space, layout)
          data.write(h5py.h5s.ALL, h5py.h5s.ALL, numpy.full(1000, 1.5, "f4"))
        """, [path])
      let bytes = try InputFile.contents(of: path)
      #expect(try HDF5File(ByteSource(bytes)).dataset("x")?.floats().count == 1000)
      // The layout message: version 3, class 0, size 4000.
      let message: [UInt8] = [3, 0, 0xA0, 0x0F]
      let place = try #require(
        bytes.indices.dropLast(4).first { Array(bytes[$0..<$0 + 4]) == message })
      for size: [UInt8] in [[0, 0], [1, 0], [0xFF, 0xFF]] {
        var damaged = bytes
        damaged.replaceSubrange(place + 2..<place + 4, with: size)
        #expect(throws: FileFault.self, "\(size)") {
          try HDF5File(ByteSource(damaged)).dataset("x")?.floats()
        }
      }
    }
  }

  /// With checksums verified, all damage to the structures of new files is detected.
  @Test func checksumsTellDamage() throws {
    let bytes = try small(["latest", "latest"])
    var (seen, unseen) = (0, 0)
    for place in stride(from: 0, to: bytes.count, by: 3) {
      var damaged = bytes
      damaged[place] ^= 0x10
      // Damage that changes what a reader without checksums finds is in a structure.
      guard (try? walk(damaged)) != 24 else { continue }
      if (try? walk(damaged, verifies: true)) != 24 { seen += 1 } else { unseen += 1 }
    }
    #expect(seen > 200 && unseen == 0, "\(seen) seen, \(unseen) not")
  }
}

/// Pseudo-random numbers that are the same everywhere.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
