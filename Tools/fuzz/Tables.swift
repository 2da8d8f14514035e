import Formats

extension FuzzedReader {
  static let tables = [
    table("table-text", "a.csv"),
    table("table-hdf5", "a.hdf5", signatures: [hdf5]),
    table("table-matlab", "a.mat", signatures: [matlab]),
    table("table-archive", "a.smlm", signatures: [zip]),
    table("table-numpy", "a.npy", signatures: [numpy]),
    table("table-json", "a.json"),
    table("table-insight3", "a.bin", signatures: [Array("M425".utf8)]),
    table("table-rapidstorm", "a.txt", signatures: [Array("# <localizations".utf8)]),
    table("table-tagged-spots", "a.tsf", signatures: [[0, 0, 0, 0]]),
  ]

  private static func table(
    _ name: String, _ file: String, signatures: [[UInt8]] = []
  ) -> FuzzedReader {
    FuzzedReader(name: name, files: [file], signatures: signatures) { path, states in
      let options = states ? TableOptions(pixelSize: 100, photonsPerCount: 1) : TableOptions()
      try Tables.forEachBatch(in: path, options: options) { _ in }
    }
  }
}
