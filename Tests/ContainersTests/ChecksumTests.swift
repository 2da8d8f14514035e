import Testing

@testable import Containers

@Suite struct ChecksumTests {
  /// Values from the test driver in lookup3.c, and from HDF5's own test of Fletcher's checksum.
  @Test func knownSums() {
    #expect(HDF5Checksum.lookup3(Array("".utf8)[...]) == 0xdead_beef)
    #expect(HDF5Checksum.lookup3(Array("Four score and seven years ago".utf8)[...]) == 0x1777_0551)
    for (text, sum) in [("abcde", 0xF04F_C729 as UInt32), ("abcdef", 0x5650_2D2A)] {
      // The published checksums read words little-endian, HDF5's big-endian: swap each pair of
      // letters.
      var bytes = Array(text.utf8)
      for place in stride(from: 0, to: bytes.count - 1, by: 2) { bytes.swapAt(place, place + 1) }
      if bytes.count % 2 == 1 { bytes.insert(0, at: bytes.count - 1) }
      #expect(bytes.withUnsafeBytes { HDF5Checksum.fletcher32($0) } == sum, "\(text)")
    }
  }
}
