import Compute

/// Consecutive frames in memory as the camera gave them, and what their counts mean to a network.
package struct FrameStack {
  package enum Element: Sendable {
    case uint16
    case float32
  }

  /// Conversion from counts to the unit of training: (count − offset) · factor.
  package enum Units: Sendable {
    case counts
    case scalar(offset: Float, factor: Float)
    /// One offset and factor for every pixel of a frame.
    case maps(offset: [Float], factor: [Float])
  }

  /// [frame, row, column, channel].
  package let bytes: UnsafeRawBufferPointer
  package let element: Element
  package let height: Int
  package let width: Int
  package let channels: Int
  package let units: Units
  /// Number of the first frame in the movie, for messages.
  package let first: Int

  package init(
    _ bytes: UnsafeRawBufferPointer, _ element: Element, height: Int, width: Int,
    channels: Int = 1, units: Units = .counts, first: Int = 0
  ) {
    self.bytes = bytes
    self.element = element
    self.height = height
    self.width = width
    self.channels = channels
    self.units = units
    self.first = first
  }

  private var line: Int { width * channels }

  package var count: Int {
    bytes.count / (height * line * (element == .uint16 ? 2 : 4))
  }

  /// Copies part of a row, converted to the network's units.
  private func copy(
    _ frame: Int, row: Int, from start: Int, _ count: Int, to target: UnsafeMutablePointer<Float>
  ) {
    let at = (frame * height + row) * line + start
    switch element {
    case .uint16:
      let source = bytes.bindMemory(to: UInt16.self).baseAddress! + at
      for index in 0..<count { target[index] = Float(source[index]) }
    case .float32:
      target.update(from: bytes.bindMemory(to: Float.self).baseAddress! + at, count: count)
    }
    switch units {
    case .counts: break
    case .scalar(let offset, let factor):
      let photons = PixelScale(offset: offset, perADU: factor)
      for index in 0..<count { target[index] = photons(target[index]) }
    case .maps(let offset, let factor):
      for index in 0..<count {
        let pixel = row * width + (start + index) / channels
        target[index] = PixelScale(offset: offset[pixel], perADU: factor[pixel])(target[index])
      }
    }
  }

  /// Minimum and maximum of a frame; nil if it has a NaN or an infinity.
  func range(of frame: Int, _ scratch: inout [Float]) -> (low: Float, high: Float)? {
    var (low, high) = (Float.infinity, -Float.infinity)
    if scratch.count < line { scratch = Array(repeating: 0, count: line) }
    for row in 0..<height {
      let isFinite = scratch.withUnsafeMutableBufferPointer { values in
        copy(frame, row: row, from: 0, line, to: values.baseAddress!)
        // x · 0 is 0 only if x is finite.
        var zero: Float = 0
        for index in 0..<line {
          low = min(low, values[index])
          high = max(high, values[index])
          zero += values[index] * 0
        }
        return zero == 0
      }
      guard isFinite else { return nil }
    }
    return (low, high)
  }

  /// Copies a scaled tile of a frame; edges are repeated outside the frame.
  func fill(
    _ target: UnsafeMutablePointer<Float>, frame: Int, top: Int, left: Int, rows: Int,
    columns: Int, scaling: (offset: Float, scale: Float, shift: Float)
  ) {
    let inside = max(0, min(left + columns, width) - left)
    let run = columns * channels
    for y in 0..<rows {
      let out = target + y * run
      copy(frame, row: min(top + y, height - 1), from: left * channels, inside * channels, to: out)
      for x in inside..<columns {
        for channel in 0..<channels {
          out[x * channels + channel] = out[(inside - 1) * channels + channel]
        }
      }
      let (offset, scale, shift) = scaling
      for index in 0..<run { out[index] = (out[index] - offset) * scale + shift }
    }
  }
}
