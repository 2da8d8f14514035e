import Foundation
import Microscopy
import Reporting

/// Princeton Instruments SPE 3 (LightField): the header of SPE 2, then frames, then XML that
/// describes them. A frame holds one or more regions of the sensor, one after another, and then
/// metadata such as time stamps.
enum SPE3 {
  private struct Region {
    var width: Int
    var height: Int
    /// Position in the frame.
    var offset: Int
    var bytes: Int
    var name: String { "\(width) x \(height)" }
  }

  /// What the XML says of the frames.
  private struct Description {
    var sample = Sample.uint16
    var frames = 0
    /// Distance of frames, and bytes of their regions.
    var stride = 0
    var size = 0
    var regions: [Region] = []
    /// Position of the time stamp at the start of exposure in the metadata of a frame, and its ticks
    /// per second.
    var stamp: (offset: Int, resolution: Double)?
    var metadata: [String: String] = [:]
  }

  /// LightField's calibrations are one number per column, so this is far more than it writes.
  private static let mostXML = 1 << 24

  /// - Parameter footer: position of the XML.
  static func open(
    _ file: FileBytes, footer: Int, options: MovieOptions
  ) throws(MovieError) -> any Movie {
    guard file.size - footer <= mostXML else {
      throw MovieError(
        .inconsistent, "its description would have \(file.size - footer) bytes", file: file.path,
        byte: footer)
    }
    let text = String(decoding: try file.bytes(at: footer, count: mostXML), as: UTF8.self)
    let frame = try describe(text, file, footer)
    // Regions of equal size are not chosen here but form an axis.
    let first = frame.regions[0]
    let isEqual = frame.regions.allSatisfy {
      $0.width == first.width && $0.height == first.height
    }
    let unlike =
      isEqual
      ? nil
      : try AxisExtent.unlike(
        .series, frame.regions.map(\.name), options.planes[.series], file: file.path)
    let region = frame.regions[unlike?.taken ?? 0]
    guard region.height > 1 || region.width == 1 else {
      throw MovieError(
        .unsupported, "the file holds spectra (regions of one row), not images", file: file.path)
    }
    let shape = try FrameShape(
      width: region.width, height: region.height, sample: frame.sample, file: file.path)
    let room = footer - SPE.headerBytes
    let held = room < frame.size ? 0 : (room - frame.size) / frame.stride + 1
    let frames = frame.frames > 0 ? min(frame.frames, held) : held
    guard frames > 0 else {
      throw MovieError(.noFrames, "the file holds no complete frame", file: file.path)
    }
    // Regions of equal size are all delivered, the regions of a frame one after another.
    let regions = isEqual ? frame.regions : [region]
    var offsets: OffsetTable
    if regions.count == 1 {
      offsets = OffsetTable(
        first: SPE.headerBytes + region.offset, stride: frame.stride, count: frames)
    } else {
      offsets = OffsetTable()
      for frameNumber in 0..<frames {
        for region in regions {
          offsets.append(SPE.headerBytes + frameNumber * frame.stride + region.offset)
        }
      }
    }
    let storage = PixelStorage(sample: frame.sample, bigEndian: false)
    var metadata = frame.metadata
    try addTimes(of: file, frame, frames, to: &metadata)
    var notes: [String] = []
    if frame.frames <= 0 || held > frame.frames {
      notes.append("the description states \(frame.frames) frames, the file has room for \(held)")
    }
    let truncation =
      held < frame.frames
      ? Truncation(
        "the description states \(frame.frames) frames, the file contains \(held)",
        file: file.path) : nil
    return FlatMovie(
      file: file, storage: storage, offsets: offsets,
      info: MovieInfo(
        width: shape.width, height: shape.height, frames: offsets.count,
        pixel: frame.sample.delivered, format: "SPE 3", storage: storage.description,
        byteOrder: storage.byteOrder,
        axes: frame.regions.count > 1
          ? [
            AxisExtent(.time, max(frame.frames, frames)),
            unlike?.extent ?? AxisExtent(.series, regions.count),
          ] : [],
        notes: notes, metadata: metadata, files: [file.path], truncation: truncation))
  }

  private static func describe(
    _ xml: String, _ file: FileBytes, _ footer: Int
  ) throws(MovieError) -> Description {
    var frame = Description()
    var format: String?
    var place = 0
    func damage(_ what: String) -> MovieError {
      MovieError(.inconsistent, "its description \(what)", file: file.path, byte: footer)
    }
    for tag in XMLTags(xml) {
      func number(_ name: String) throws(MovieError) -> Int {
        guard let number = tag.attributes[name].flatMap({ Int($0) }),
          number >= 0, number < 1 << 48
        else { throw damage("states no valid \(name) of a \(tag.name)") }
        return number
      }
      switch (tag.name, tag.attributes["type"]) {
      case ("DataBlock", "Frame") where format == nil:
        format = tag.attributes["pixelFormat"] ?? ""
        frame.frames = try number("count")
        frame.size = try number("size")
        frame.stride = try number("stride")
      case ("DataBlock", "Region") where format != nil:
        let (size, stride) = (try number("size"), try number("stride"))
        let offset = frame.regions.last.map { $0.offset + $0.bytes } ?? 0
        frame.regions.append(
          Region(
            width: try number("width"), height: try number("height"), offset: offset,
            bytes: max(size, stride)))
        guard frame.regions.count <= 1024 else { throw damage("lists more than 1024 regions") }
      case ("TimeStamp", _):
        if tag.attributes["event"] == "ExposureStarted", frame.stamp == nil,
          let resolution = tag.attributes["resolution"].flatMap({ Double($0) }), resolution > 0
        {
          frame.stamp = (place, resolution)
        }
        place += min(tag.attributes["bitDepth"].flatMap { Int($0) } ?? 64, 64) / 8
      case ("FrameTrackingNumber", _):
        place += 8
      default: break
      }
    }
    let formats: [String: Sample] = [
      "MonochromeUnsigned16": .uint16, "MonochromeUnsigned32": .uint32,
      "MonochromeFloating32": .float32,
    ]
    guard let format, !frame.regions.isEmpty else { throw damage("lists no regions") }
    guard let sample = formats[format] else {
      throw MovieError(
        .unsupported, "pixels of the format \(format) are not supported", file: file.path)
    }
    frame.sample = sample
    var end = 0
    for region in frame.regions {
      let shape = try FrameShape(
        width: region.width, height: region.height, sample: sample, file: file.path)
      guard region.bytes >= shape.bytes else { throw damage("has a region that is too small") }
      end = region.offset + shape.bytes
    }
    guard frame.size >= end, frame.stride >= frame.size else {
      throw damage("has regions that do not fit into the frame")
    }
    for name in ["ExposureTime", "EMGain", "SensorTemperatureReading", "FrameRate", "AnalogGain"] {
      frame.metadata[name] = element(name, of: xml)
    }
    return frame
  }

  /// The text of the first element of this name.
  private static func element(_ name: String, of xml: String) -> String? {
    guard let open = xml.range(of: "<\(name) ") ?? xml.range(of: "<\(name)>"),
      let start = xml[xml.index(before: open.upperBound)...].firstIndex(of: ">")
    else { return nil }
    let text = xml[xml.index(after: start)...].prefix(200).prefix { $0 != "<" }
    return text.isEmpty ? nil : String(text)
  }

  /// The first and the last time stamp, in seconds.
  private static func addTimes(
    of file: FileBytes, _ frame: Description, _ frames: Int, to metadata: inout [String: String]
  ) throws(MovieError) {
    guard let stamp = frame.stamp, stamp.offset >= 0,
      stamp.offset + 8 <= frame.stride - frame.size
    else { return }
    for (name, number) in [("first", 0), ("last", frames - 1)] {
      let bytes = try file.bytes(
        at: SPE.headerBytes + number * frame.stride + frame.size + stamp.offset,
        count: 8)
      guard let ticks = ByteReader(bytes: bytes, bigEndian: false).integer(Int64.self, at: 0)
      else { return }
      metadata["Exposure of the \(name) frame started (s)"] = "\(Double(ticks) / stamp.resolution)"
    }
  }
}
