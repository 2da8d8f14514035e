import Foundation
import Microscopy

/// A folder with one challenge table per frame, as in the 2013 data sets: 00001.csv is frame 1.
enum ChallengeFolder {
  static func read(_ path: String, options: TableOptions) throws -> Localizations {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw TableError.unreadable(path: path, reason: "the folder cannot be listed")
    }
    let files = names.compactMap { name -> (number: Int, path: String)? in
      guard name.lowercased().hasSuffix(".csv"), let number = trailingNumber(name.dropLast(4))
      else { return nil }
      return (number, path + "/" + name)
    }.sorted { ($0.number, $0.path) < ($1.number, $1.path) }
    guard !files.isEmpty else {
      throw TableError.unknownKind(path: path, found: "a folder without numbered .csv files")
    }
    var all: Localizations?
    for file in files {
      guard file.number >= 1 else {
        throw TableError.unknownKind(path: file.path, found: "frame 0, but frames count from 1")
      }
      var table = Localizations()
      try Tables.forEachRawBatch(in: file.path, options: options) { batch in
        if table.quantities.isEmpty { table = batch } else { table.append(contentsOf: batch) }
      }
      table.frame = Array(repeating: file.number - 1, count: table.count)
      if let first = all, first.quantities != table.quantities {
        throw TableError.missingColumns(
          path: file.path, missing: first.quantities.map(\.name),
          found: table.quantities.map(\.name))
      }
      if all == nil { all = table } else { all!.append(contentsOf: table) }
    }
    return all!
  }

  private static func trailingNumber(_ name: Substring) -> Int? {
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
    return digits.count > 9 ? nil : Int(String(digits))
  }
}
