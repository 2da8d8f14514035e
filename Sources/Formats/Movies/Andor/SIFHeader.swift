import Foundation

/// The header of Andor Solis' files (`.sif`, `.sifx`): lines of text with binary bytes in between.
///
/// How many lines there are depends on the version, so the description of the frames is found by
/// its words: `…Pixel number65541 1 512 512 1 100 1 26214400 262144`, with the version, the ends of
/// the sensor region (left, top, right, bottom), frames, regions ("subimages") per frame, all pixels
/// and pixels per frame. A line for each region follows: the version, its ends, binning in y and x.
struct SIFHeader {
  var frames = 0
  var width = 0
  var height = 0
  /// Pixels per frame.
  var pixels = 0
  var metadata: [String: String] = [:]
  /// Position after the lines that describe the frames.
  var end = 0
  private(set) var version = 0

  private static let mark = Array("Andor Technology Multi-Channel File".utf8)
  /// Remarks of the user are part of the header, so it has no fixed size.
  private static let mostBytes = 1 << 22

  static func recognizes(_ head: [UInt8]) -> Bool { head.starts(with: mark) }

  /// - Throws: `MovieError` if the file is no SIF, or if its frames are spectra or several regions.
  init(_ file: FileBytes) throws(MovieError) {
    let bytes = try file.bytes(at: 0, count: Self.mostBytes)
    guard Self.recognizes(bytes) else {
      throw MovieError(.unknown, "the file does not begin like an Andor file", file: file.path)
    }
    guard let (numbers, regionStart) = Self.anchor(bytes) else {
      throw MovieError(
        bytes.count < Self.mostBytes ? .truncated : .inconsistent,
        "the header does not say how many frames there are", file: file.path)
    }
    version = numbers[0]
    let regions = numbers[6]
    (frames, pixels) = (numbers[5], numbers[8])
    guard regions == 1 else {
      throw MovieError(
        .unsupported, "each frame consists of \(regions) regions of the sensor", file: file.path,
        hint: "export one region as TIFF in Solis")
    }
    guard let region = Self.numbers(bytes, from: regionStart), region.values.count >= 7 else {
      throw MovieError(
        .truncated, "the header ends before the size of a frame", file: file.path,
        byte: regionStart)
    }
    end = region.next
    let (left, top, right, bottom) = (
      region.values[1], region.values[2], region.values[3], region.values[4]
    )
    let (binY, binX) = (region.values[5], region.values[6])
    guard binX > 0, binY > 0, right >= left, top >= bottom else {
      throw MovieError(
        .inconsistent,
        "a frame of the columns \(left) to \(right) and the rows \(bottom) to \(top)"
          + ", binned \(binX) x \(binY), is not possible", file: file.path, byte: regionStart)
    }
    (width, height) = ((right - left + 1) / binX, (top - bottom + 1) / binY)
    guard height != 1 || width == 1 else {
      throw MovieError(
        .unsupported, "the file holds spectra (frames of one row), not images", file: file.path)
    }
    addMetadata(bytes)
    // Columns and rows count from 1, as in Solis.
    metadata["Sensor region"] = "columns \(left) to \(right), rows \(bottom) to \(top)"
    metadata["Binning"] = "\(binX) x \(binY)"
  }

  /// The nine numbers that describe the frames, and the position of the next line.
  private static func anchor(_ bytes: [UInt8]) -> (numbers: [Int], next: Int)? {
    let word = Data("Pixel number6".utf8)
    let data = Data(bytes)
    var start = 0
    while let found = data.range(of: word, in: start..<data.count) {
      if let line = numbers(bytes, from: found.upperBound - 1), line.values.count == 9,
        (65_000..<66_000).contains(line.values[0]), line.values.allSatisfy({ $0 >= 0 })
      {
        return (line.values, line.next)
      }
      start = found.upperBound
    }
    return nil
  }

  /// The whole numbers of a line; nil if it has anything else, or no end. Numbers are below 2³², so
  /// that sums and products of two do not overflow.
  private static func numbers(_ bytes: [UInt8], from start: Int) -> (values: [Int], next: Int)? {
    guard let feed = bytes[start...].prefix(200).firstIndex(of: 10) else { return nil }
    let words = bytes[start..<feed].split { $0 == 32 || $0 == 13 }
    let values = words.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
    guard values.count == words.count, values.allSatisfy({ $0.magnitude < 1 << 32 }) else {
      return nil
    }
    return (values, feed + 1)
  }

  /// Line 3: version, three numbers, Unix time, temperature, ten bytes, one number, exposure, cycle
  /// time, cycle time with accumulation, accumulations, two bytes, two times, two numbers, gain.
  /// Lines 4 and 5: the camera and the size of its sensor.
  private mutating func addMetadata(_ bytes: [UInt8]) {
    var place = 0
    func word() -> String {
      let rest = bytes[place...].drop { $0 == 32 || $0 == 10 || $0 == 13 }
      let word = rest.prefix(40).prefix { $0 > 32 }
      place = min(bytes.count, word.endIndex + 1)
      return String(decoding: word, as: UTF8.self)
    }
    for _ in 0..<2 {
      guard let feed = bytes[place...].firstIndex(of: 10) else { return }
      place = feed + 1
    }
    for _ in 0..<4 { _ = word() }
    if let seconds = Double(word()), seconds > 0, seconds < 1e11 {
      metadata["Acquired"] = Date(timeIntervalSince1970: seconds).ISO8601Format()
    }
    let temperature = word()
    if temperature != "-999" { metadata["Temperature (°C)"] = temperature }
    place = min(bytes.count, place + 10)
    _ = word()
    let names = ["Exposure (s)", "Cycle time (s)", "Accumulated cycle time (s)", "Accumulations"]
    for name in names { metadata[name] = word() }
    place = min(bytes.count, place + 2)
    for _ in 0..<4 { _ = word() }
    let gain = word()
    if gain != "0" { metadata["Gain (DAC)"] = gain }
    guard let feed = bytes[place...].firstIndex(of: 10) else { return }
    let lines = bytes[(feed + 1)...].prefix(400).split(
      separator: 10, maxSplits: 2, omittingEmptySubsequences: false)
    guard lines.count == 3 else { return }
    metadata["Camera"] = String(decoding: lines[0].prefix(80), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    metadata["Sensor"] = String(decoding: lines[1].prefix(40), as: UTF8.self)
      .split(separator: " ").prefix(2).joined(separator: " x ")
  }
}
