import Containers
import Foundation
import TestConditions
import TestSupport
import Testing

extension MovieFuzzTests {
  @Test(.python("h5py", "numpy"), arguments: ["plain", "gzip", "shuffle", "lz4"])
  func imaris(kind: String) throws {
    let folder = try TemporaryFolder()
    try ImarisTests.write(folder.file("a.ims"), [5, 1, 1, 17, 23], kind)
    try attack(folder, "a.ims", seed: 61)
  }

  @Test func zarr() throws {
    for (number, fixture) in [
      ZarrFixture(codecs: ["blosc"]), ZarrFixture(version: 2, chunk: [3, 6, 8], codecs: ["zstd"]),
      ZarrFixture(chunk: [2, 10, 13], shard: [2, 1, 1], codecs: ["gzip", "crc32c"]),
      ZarrFixture(version: 2, chunk: [3, 10, 13], codecs: ["lz4"]),
    ].enumerated() {
      let folder = try TemporaryFolder()
      try fixture.write(to: folder.file("a.zarr"))
      let description = fixture.version == 3 ? "a.zarr/zarr.json" : "a.zarr/.zarray"
      let chunk = fixture.version == 3 ? "a.zarr/c/0/0/0" : "a.zarr/0/0/0"
      let seed = UInt64(70 + 2 * number)
      try attack(folder, description, opening: folder.file("a.zarr"), seed: seed)
      try attack(folder, chunk, opening: folder.file("a.zarr"), seed: seed + 1)
    }
    let folder = try TemporaryFolder()
    try ZarrFixture().write(to: folder.file("a.zarr/0"))
    let text = ZarrFixture.multiscales("tyx", path: "0", scale: "[1, 0.1, 0.1]")
    _ = try folder.write("{\"zarr_format\": 2, \(text)}", to: "a.zarr/.zattrs")
    try attack(folder, "a.zarr/.zattrs", opening: folder.file("a.zarr"), seed: 69)
  }

  @Test func andor() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(AndorTests.sif(flag: "1\n1\n2\n3\n4\n"), to: "a.sif")
    try attack(folder, "a.sif", seed: 81)
    for encoding in ["Mono16", "Mono12Packed"] {
      let folder = try TemporaryFolder()
      try AndorTests.spool(folder, encoding: encoding, frames: 5)
      for name in ["acquisitionmetadata.ini", "Spooled files.sifx", "0000000000spool.dat"] {
        try attack(folder, name, opening: folder.path, seed: 82)
      }
    }
  }

  @Test func spe3() throws {
    let folder = try TemporaryFolder()
    for (seed, regions) in [(91, [(7, 5)]), (92, [(7, 5), (7, 5)]), (93, [(7, 5), (3, 9)])] {
      _ = try folder.write(SPE3Tests.spe3(regions, metadata: 16), to: "a.spe")
      try attack(folder, "a.spe", seed: UInt64(seed))
    }
  }
}
