import Containers
import Foundation
import Microscopy

/// What Glint notes in its outputs.
public enum Outputs {
  /// Whether Glint noted in or beside the file how it was made.
  public static func isOutput(_ path: String) -> Bool { provenance(of: path) != nil }

  /// The steps that made a file, oldest first; nil if it is no output of Glint.
  ///
  /// Tables, pictures and movies are read, and the notes beside a table.
  package static func provenance(of path: String) -> [ProvenanceStep]? {
    let found = steps(ofTable: path) ?? steps(inText: path) ?? steps(ofImage: path)
    return found.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func steps(ofTable path: String) -> [ProvenanceStep]? {
    switch try? TableKind(path: path) {
    case .delimited: (try? ThunderstormProtocol(besideTable: path))?.steps
    case .hdf5: (try? PicassoReader.metadata(HDF5File(path: path), path: path))?.provenance
    case .matlab:
      (try? MATFile(InputFile.contents(of: path)).variables(["saveloc"]))?["saveloc"]?
        .structure?["glint"]?.text.map(GlintFileNotes.steps)
    case .archive:
      (try? ZipArchive(InputFile.contents(of: path)))
        .flatMap { try? SmlmArchive.manifest($0, path: path) }
        .flatMap { SmlmArchive.Notes($0) }?.steps
    default: nil
    }
  }

  /// The notes beside a table.
  private static func steps(inText path: String) -> [ProvenanceStep]? {
    guard let data = part(of: path, most: 1 << 24) else { return nil }
    if let notes = try? JSONDecoder().decode(ThunderstormProtocol.self, from: data) {
      return notes.steps
    }
    guard path.hasSuffix(".yaml") else { return nil }
    return (try? PicassoMetadata(yaml: String(decoding: data, as: UTF8.self)))?.provenance
  }

  /// The JSON text in a PNG or a TIFF, which is near one of its ends.
  private static func steps(ofImage path: String) -> [ProvenanceStep]? {
    guard let file = try? InputFile(path) else { return nil }
    let length = 1 << 20
    for offset in Set([0, max(0, file.size - length)]).sorted() {
      guard let bytes = try? file.bytes(at: offset, count: length),
        case let data = Data(bytes),
        let key = data.range(of: Data("\"steps\":[".utf8)),
        let start = data[..<key.lowerBound].lastIndex(of: UInt8(ascii: "{")),
        let stop = endOfObject(data[start...]),
        let notes = try? JSONDecoder().decode(Images.Notes.self, from: data[start..<stop])
      else { continue }
      return notes.steps
    }
    return nil
  }

  /// The place behind a JSON object at the start of `data`.
  private static func endOfObject(_ data: Data) -> Data.Index? {
    var (depth, isText, isEscaped) = (0, false, false)
    for index in data.indices {
      let byte = data[index]
      if isEscaped {
        isEscaped = false
      } else if isText {
        isEscaped = byte == UInt8(ascii: "\\")
        isText = byte != UInt8(ascii: "\"")
      } else if byte == UInt8(ascii: "\"") {
        isText = true
      } else if byte == UInt8(ascii: "{") {
        depth += 1
      } else if byte == UInt8(ascii: "}") {
        depth -= 1
        if depth == 0 { return index + 1 }
      }
    }
    return nil
  }

  private static func part(of path: String, most: Int) -> Data? {
    (try? InputFile.contents(of: path, atMost: most)).map { Data($0) }
  }
}
