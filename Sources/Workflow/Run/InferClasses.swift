import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Reporting

/// Crops to classes: a stack of crops to a table of its own, or the rows of a table with more columns.
extension InferJob {
  func classify(_ context: InferContext) throws -> InferReport {
    guard let size = context.model.system.inputSize else {
      preconditionFailure("classes are of images of one size")
    }
    let (classes, notes) =
      try crops.map {
        try CropRun(context, size).run(of: $0, in: movie)
      } ?? CropRun(context, size).run(ofStack: movie)
    var report = InferReport()
    report.frames = classes.count
    report.notes = notes
    report.interrupted = Interrupt.requested && !classes.isWhole
    report.outputs = context.model.network.channelNames
    (report.batch, report.tiles, report.height, report.width) = (classes.batch, 1, 1, 1)
    // Half of a table would be a table with rows that have no class.
    if report.interrupted { throw Interrupted() }
    if var table = crops?.table {
      try write(classes, into: &table, context)
    } else {
      try writeList(classes, context)
    }
    return report
  }

  private func write(
    _ classes: ClassList, into table: inout Localizations, _ context: InferContext
  ) throws {
    let names = context.model.network.channelNames
    for (index, name) in names.enumerated() {
      table[Quantity("p_\(name)", .none)] = classes.isKnown.indices.map {
        Double(classes[$0, index])
      }
    }
    table[Quantity("class", .none)] = classes.isKnown.indices.map {
      classes.isKnown[$0] ? Double(classes.best($0)) : -1
    }
    table.field.pixelSize = table.field.pixelSize ?? recipe.pixelSize
    table.provenance.append(try context.provenance())
    try Tables.write(table, to: output, overwrite: overwrite)
  }

  /// A line for each crop: its number from 0, the class of the largest probability, all of them.
  private func writeList(_ classes: ClassList, _ context: InferContext) throws {
    let names = context.model.network.channelNames
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let step = String(decoding: try encoder.encode(context.provenance()), as: UTF8.self)
    var text = Array("# \(step)\ncrop,class,\(names.joined(separator: ","))\n".utf8)
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
    try StagedFile.write(text, to: output, overwrite: overwrite)
  }
}

extension [UInt8] {
  /// Appends a number that `write` puts at a place and returns the end of.
  fileprivate mutating func append(
    _ write: (UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8>
  ) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalText.longest) {
      guard let start = $0.baseAddress else { return }
      append(contentsOf: UnsafeBufferPointer(start: start, count: write(start) - start))
    }
  }
}

/// Probabilities of each crop; NaN for one that is not inside its frame.
private struct ClassList {
  let classes: Int
  let batch: Int
  /// Whether a crop has been classified.
  private(set) var isKnown: [Bool]
  /// What was expected to be classified has been.
  var isWhole = false
  private var values: [Float]

  init(crops: Int, classes: Int, batch: Int) {
    self.classes = classes
    self.batch = batch
    isKnown = Array(repeating: false, count: crops)
    values = Array(repeating: .nan, count: crops * classes)
  }

  var count: Int { isKnown.count { $0 } }

  subscript(crop: Int, index: Int) -> Float { values[crop * classes + index] }

  /// The class of the largest probability, the first of equals.
  func best(_ crop: Int) -> Int {
    (1..<classes).reduce(0) { self[crop, $1] > self[crop, $0] ? $1 : $0 }
  }

  /// Takes the probabilities of some crops, one after the other.
  mutating func set(_ crops: [Int], _ found: [Float]) {
    for (place, crop) in crops.enumerated() {
      isKnown[crop] = true
      for index in 0..<classes { values[crop * classes + index] = found[place * classes + index] }
    }
  }
}

/// Crops of one size through a network, some hundred at a time.
private final class CropRun {
  private let context: InferContext
  private let size: (height: Int, width: Int)
  private var tiled: TiledNetwork
  private let batch: Int

  init(_ context: InferContext, _ size: (height: Int, width: Int)) throws {
    self.context = context
    self.size = size
    let pace = context.model.pace(
      height: size.height, width: size.width, on: context.fallback.device.info)
    let batch = min(
      pace.together, max(context.job.movie.info.frames, context.job.crops?.table.count ?? 0, 1))
    self.batch = batch
    tiled = try context.fallback.perform {
      try TiledNetwork(
        context.model, batch: batch, height: size.height, width: size.width, on: $0,
        memory: context.recipe.network.memory << 20)
    }
  }

  /// Every frame of the movie is a crop.
  func run(ofStack movie: any Movie) throws -> (ClassList, [String]) {
    let info = movie.info
    let region = try context.recipe.region(in: info)
    let frames = try context.recipe.frames(in: info)
    guard region.height == size.height, region.width == size.width else {
      throw NetworkError.frame(
        system: context.recipe.network.name,
        reason: "it is \(region.height)×\(region.width) pixels, not \(size.height)×\(size.width)")
    }
    return try (
      run(frames.map { ($0, region.y, region.x) }, of: movie, first: frames.lowerBound), []
    )
  }

  /// The crops around the rows of a table.
  func run(of crops: InferJob.Crops, in movie: any Movie) throws -> (ClassList, [String]) {
    guard let x = crops.table[.x], let y = crops.table[.y] else {
      throw SettingsError("\(crops.path) has no positions", hint: "x and y say where crops are")
    }
    var outside = 0
    let places = crops.table.frame.indices.map { row -> (frame: Int, y: Int, x: Int)? in
      let left = (x[row] + crops.shift.x - Double(size.width - 1) / 2).rounded()
      let top = (y[row] + crops.shift.y - Double(size.height - 1) / 2).rounded()
      let frame = crops.table.frame[row]
      guard left >= 0, top >= 0, left + Double(size.width) <= Double(movie.info.width),
        top + Double(size.height) <= Double(movie.info.height),
        (0..<movie.info.frames).contains(frame)
      else {
        outside += 1
        return nil
      }
      return (frame, Int(top), Int(left))
    }
    let list = try run(places, of: movie, first: 0)
    guard outside > 0 else { return (list, []) }
    let line = "\(outside) of \(places.count) crops are not inside the movie and have no class"
    say(line)
    return (list, [line])
  }

  private func run(
    _ places: [(frame: Int, y: Int, x: Int)?], of movie: any Movie, first: Int
  ) throws -> ClassList {
    var list = ClassList(
      crops: places.count, classes: try tiled.imageType.shape[1], batch: batch)
    let pixels = size.height * size.width
    var frame = [UInt8](repeating: 0, count: movie.info.frameBytes)
    var loaded = -1
    var stack = [Float](repeating: 0, count: batch * pixels)
    var found = [Float](repeating: 0, count: batch * list.classes)
    var members: [Int] = []
    members.reserveCapacity(batch)
    let progress = Progress(total: places.count, unit: "crops", quiet: context.job.quiet)
    // Rows of a frame lie together, so that each frame is read once.
    let inside = places.indices.filter { places[$0] != nil }
      .sorted { (places[$0]!.frame, $0) < (places[$1]!.frame, $1) }
    for (index, row) in inside.enumerated() {
      guard let place = places[row] else { continue }
      if Interrupt.requested { break }
      if place.frame != loaded {
        try frame.withUnsafeMutableBytes {
          try movie.read(place.frame..<place.frame + 1, into: $0)
        }
        loaded = place.frame
      }
      cut(place, from: frame, movie.info, into: &stack, at: members.count * pixels)
      members.append(row)
      guard members.count == batch || index == inside.count - 1 else { continue }
      try findProbabilities(of: stack, members, places, into: &found)
      list.set(members, found)
      members.removeAll(keepingCapacity: true)
      progress.update(index + 1)
    }
    progress.finish()
    list.isWhole = list.count == inside.count
    return list
  }

  private func cut(
    _ place: (frame: Int, y: Int, x: Int), from frame: [UInt8], _ info: MovieInfo,
    into stack: inout [Float], at start: Int
  ) {
    frame.withUnsafeBytes { bytes in
      for y in 0..<size.height {
        for x in 0..<size.width {
          let pixel = (place.y + y) * info.width + place.x + x
          stack[start + y * size.width + x] =
            info.pixel == .uint16
            ? Float(bytes.load(fromByteOffset: 2 * pixel, as: UInt16.self))
            : bytes.load(fromByteOffset: 4 * pixel, as: Float.self)
        }
      }
    }
  }

  private func findProbabilities(
    of crops: [Float], _ members: [Int], _ places: [(frame: Int, y: Int, x: Int)?],
    into found: inout [Float]
  ) throws {
    let pixels = size.height * size.width
    for (index, row) in members.enumerated()
    where !crops[index * pixels..<(index + 1) * pixels].allSatisfy(\.isFinite) {
      throw NetworkError.frame(
        system: context.recipe.network.name,
        reason: "the crop of row \(row) in frame \(places[row]?.frame ?? 0) holds a NaN or an "
          + "infinity")
    }
    let failed = context.fallback.device.info
    try crops.withUnsafeBytes { bytes in
      let own = UnsafeRawBufferPointer(rebasing: bytes[..<(4 * members.count * pixels)])
      let stack = FrameStack(own, .float32, height: size.height, width: size.width)
      let answers = found.count / batch * members.count
      try found.withUnsafeMutableBufferPointer {
        let room = UnsafeMutableBufferPointer(rebasing: $0[..<answers])
        do {
          try tiled.image(stack, answering: 0..<members.count, into: room)
        } catch {
          try context.fallback.leave(failed, after: error)
          tiled = try TiledNetwork(
            context.model, batch: batch, height: size.height, width: size.width,
            on: context.fallback.device, memory: context.recipe.network.memory << 20)
          try tiled.image(stack, answering: 0..<members.count, into: room)
        }
      }
    }
  }
}
