import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Reporting

/// Classifies crops: a stack of crops gives a new table; the rows of a table get additional
/// columns.
extension InferJob {
  func classify(_ model: Model, _ recipe: Recipe, _ journal: Journal) throws -> InferReport {
    guard let size = model.system.inputSize else {
      throw NetworkError.task(
        system: type(of: model.system).name, wanted: "classes of crops",
        purpose: type(of: model.system).purpose)
    }
    let (wanted, places) =
      try crops.map { try self.places(around: $0, size) }
      ?? stack(size, recipe, for: type(of: model.system).name)
    let run = try self.run(
      ImageStage(
        model, height: size.height, width: size.width, .float32,
        memory: recipe.networkMemory),
      items: max(movie.info.frames, crops?.table.count ?? 0, 1), .crops)
    let source = CropSource(
      movie, places, size: size, batch: run.batch, finished: journal.done,
      for: type(of: model.system).name)
    let classes = ClassList(
      crops: wanted, classes: model.network.channelNames.count, places: source.places,
      journal)
    try classes.replay()
    let summary = try run.run(from: source, into: [classes])
    // A partial table would have rows without a class.
    if summary.interrupted { throw Interrupted() }
    try movie.checkUnchanged()
    var report = InferReport()
    report.frames = classes.count
    if places.count < wanted {
      let line =
        "\(wanted - places.count) of \(wanted) crops are outside the movie and have no class"
      observer.note("\(line)")
      report.notes = [line]
    }
    report.outputs = model.network.channelNames
    (report.batch, report.tiles, report.height, report.width) = (run.batch, 1, 1, 1)
    report.device = run.deviceName
    journal.markClosing()
    let step = try provenance(recipe, device: report.device)
    if var table = crops?.table {
      try write(classes, model.network.channelNames, into: &table, step)
    } else {
      try writeList(classes, model.network.channelNames, step)
    }
    return report
  }

  /// Every frame of the movie is one crop.
  private func stack(
    _ size: (height: Int, width: Int), _ recipe: Recipe, for network: String
  ) throws -> (Int, [CropSource.Place]) {
    let region = try recipe.region(in: movie.info)
    let frames = try recipe.frames(in: movie.info)
    guard region.height == size.height, region.width == size.width else {
      throw NetworkError.frame(
        system: network,
        reason: "it is \(region.height)×\(region.width) pixels, not \(size.height)×\(size.width)")
    }
    let places = frames.enumerated().map {
      CropSource.Place(frame: $1, y: region.y, x: region.x, number: $0)
    }
    return (places.count, places)
  }

  /// The number of crops for the rows of a table, and the crops that lie inside the movie.
  private func places(
    around crops: Crops, _ size: (height: Int, width: Int)
  ) throws -> (Int, [CropSource.Place]) {
    guard let x = crops.table[.x], let y = crops.table[.y] else {
      throw SettingsError(
        "\(crops.path) has no positions", hint: "columns x and y give the centres of the crops")
    }
    let info = movie.info
    let places = crops.table.frame.indices.compactMap { row -> CropSource.Place? in
      let left = (x[row] + crops.shift.x - Double(size.width - 1) / 2).rounded()
      let top = (y[row] + crops.shift.y - Double(size.height - 1) / 2).rounded()
      let frame = crops.table.frame[row]
      guard left >= 0, top >= 0, left + Double(size.width) <= Double(info.width),
        top + Double(size.height) <= Double(info.height), (0..<info.frames).contains(frame)
      else { return nil }
      return CropSource.Place(frame: frame, y: Int(top), x: Int(left), number: row)
    }
    return (crops.table.count, places)
  }

  private func write(
    _ classes: ClassList, _ names: [String], into table: inout Localizations,
    _ step: ProvenanceStep
  ) throws {
    for (index, name) in names.enumerated() {
      table[Quantity("p_\(name)", .none)] = classes.isKnown.indices.map {
        Double(classes[$0, index])
      }
    }
    table[Quantity("class", .none)] = classes.isKnown.indices.map {
      classes.isKnown[$0] ? Double(classes.best($0)) : -1
    }
    table.field.pixelSize = table.field.pixelSize ?? recipe.pixelSize
    table.provenance.append(step)
    try Tables.write(table, to: output, overwrite: overwrite)
  }

  /// One line per crop: its number from 0, the most probable class, and all probabilities.
  private func writeList(_ classes: ClassList, _ names: [String], _ step: ProvenanceStep) throws {
    var text = Array("crop,class,\(names.joined(separator: ","))\n".utf8)
    let comma = UInt8(ascii: ",")
    for crop in classes.isKnown.indices where classes.isKnown[crop] {
      text.append { DecimalText.write(UInt64(crop), at: $0) }
      text.append(comma)
      text.append(contentsOf: names[classes.best(crop)].utf8)
      for index in names.indices {
        text.append(comma)
        text.append {
          DecimalText.write(Double(classes[crop, index]), .significant(7), at: $0)
        }
      }
      text.append(UInt8(ascii: "\n"))
    }
    try Tables.write(text: text, provenance: [step], to: output, overwrite: overwrite)
  }
}

extension [UInt8] {
  /// Appends a number that `write` formats at a given place; `write` returns its end.
  fileprivate mutating func append(
    _ write: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalText.longest) {
      guard let start = $0.baseAddress else { return }
      append(contentsOf: UnsafeBufferPointer(start: start, count: write(start) - start))
    }
  }
}

/// The probabilities of each crop; NaN for a crop that is not inside its frame.
private final class ClassList: Sink {
  let classes: Int
  /// Whether a crop has been classified.
  private(set) var isKnown: [Bool]
  private var values: [Float]
  private let places: [CropSource.Place]
  private let journal: Journal

  /// - Parameter places: in the order of the results.
  init(crops: Int, classes: Int, places: [CropSource.Place], _ journal: Journal) {
    self.journal = journal
    self.classes = classes
    self.places = places
    isKnown = Array(repeating: false, count: crops)
    values = Array(repeating: .nan, count: crops * classes)
  }

  var count: Int { isKnown.count { $0 } }

  subscript(crop: Int, index: Int) -> Float { values[crop * classes + index] }

  /// The most probable class; the first one among equals.
  func best(_ crop: Int) -> Int {
    (1..<classes).reduce(0) { self[crop, $1] > self[crop, $0] ? $1 : $0 }
  }

  func take(_ images: ImageBatch, of items: Range<Int>) {
    let size = images.layout.size
    images.withValues { found in
      put(items, size) { found[$0] }
      if items.upperBound < places.count {
        // A record: the first item and the number of values of each, then the values.
        journal.append(items: items.upperBound) { record in
          withUnsafeBytes(of: (Int64(items.lowerBound), Int64(size))) { record += $0 }
          record += UnsafeRawBufferPointer(found)
        }
      }
    }
  }

  private func put(_ items: Range<Int>, _ size: Int, _ found: (Int) -> Float) {
    for item in items {
      let crop = places[item].number
      isKnown[crop] = true
      for index in 0..<min(classes, size) {
        values[crop * classes + index] = found((item - items.lowerBound) * size + index)
      }
    }
  }

  /// Takes the classes that an interrupted run found.
  func replay() throws {
    try journal.replay { bytes in
      try bytes.withUnsafeBytes { raw in
        guard raw.count >= 16 else { return }
        let first = Int(raw.loadUnaligned(as: Int64.self))
        let size = Int(raw.loadUnaligned(fromByteOffset: 8, as: Int64.self))
        let count = (raw.count - 16) / 4
        guard size > 0, first >= 0, first <= places.count - count / size else {
          throw OutputError.failed(path: journal.path, reason: "its journal has other crops")
        }
        put(first..<first + count / size, size) {
          raw.loadUnaligned(fromByteOffset: 16 + 4 * $0, as: Float.self)
        }
      }
    }
  }
}
