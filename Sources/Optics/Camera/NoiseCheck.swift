import Foundation
import Microscopy
import Reporting

/// Checks whether the noise of a movie agrees with the parameters of its camera.
///
/// Noise is measured without a model of the scene. The difference of two successive frames removes
/// what is static, and the mask [1 −2 1; −2 4 −2; 1 −2 1] / 6 (Immerkær, Comput. Vis. Image
/// Underst. 64, 300 (1996)) removes what is smooth, including molecules that blinked. The rest has
/// the variance of single pixels, which must be `excess · gain · (mean − offset) + read variance`.
/// Both are compared in blocks of 8×8 pixels; the result is the median over all blocks.
package struct NoiseCheck: Sendable {
  /// The result, and possible explanations.
  package struct Finding: Hashable, Sendable {
    /// Measured noise variance divided by the one expected from the camera, median over blocks.
    package var ratio: Double
    /// Fraction of the pixels more than five read noises below the offset.
    package var below: Double
    /// ADU per electron that would explain the noise with the given offset and read noise.
    package var impliedGain: Double?
    /// ADU to add to the given offset that would explain the noise with the given gain.
    package var impliedShift: Double
    /// Distance between the values that occur, if most values do not: the pixels were multiplied
    /// later.
    package var step: Double?
  }

  /// A ratio below is impossible for any scene, since light is never quieter than Poisson's. A
  /// ratio above is not reached by crowded scenes or sensors with many noisy pixels (see the
  /// tests).
  package static let credibleRatio = 0.7...1.6
  /// Gaussian read noise puts 3 of ten million pixels there.
  package static let credibleBelow = 0.01

  private let width: Int
  private let height: Int
  private let camera: Camera
  /// For each pixel: offset (ADU), read noise (ADU²), gain (ADU per electron).
  private let offset: [Float]
  private let read: [Float]
  private let gain: [Float]
  /// Read variance at the sensor's input, e⁻², if the camera is given by scalars.
  private let readElectrons: Double?
  private var ratios: [Double] = []
  private var gains: [Double] = []
  private var surplus: [Double] = []
  private var pixels = 0
  private var pixelsBelow = 0
  private var histogram: [UInt32] = Array(repeating: 0, count: 65536)
  private var isWhole = true
  /// Every seventh pixel.
  private var samples: [Float] = []

  private static let block = 8

  /// - Parameters:
  ///   - width: width of a frame, pixels.
  ///   - height: height of a frame, pixels.
  ///   - camera: the camera as stated.
  ///   - maps: of the size of the frames; they replace the camera's offset, gain and read noise.
  package init(width: Int, height: Int, camera: Camera, maps: CameraMaps? = nil) {
    self.width = width
    self.height = height
    self.camera = camera
    let size = width * height
    if let maps {
      precondition(maps.width == width && maps.height == height, "maps belong to the frames")
      (offset, read, gain) = (maps.offset, maps.variance, maps.gain)
      readElectrons = nil
    } else {
      let noise = camera.gain * camera.readNoise
      readElectrons = pow(camera.readNoise / camera.emGain, 2)
      offset = Array(repeating: Float(camera.offset), count: size)
      read = Array(repeating: Float(noise * noise), count: size)
      gain = Array(repeating: Float(camera.gain * camera.emGain), count: size)
    }
  }

  /// Adds two successive frames, ADU.
  package mutating func add(_ first: [Float], _ second: [Float]) {
    let size = width * height
    precondition(first.count == size && second.count == size, "frames of the check's size")
    guard width >= Self.block + 2, height >= Self.block + 2 else { return }
    // A frame of one value holds no data, such as the room that a recording reserved.
    if let value = first.first, first.contains(where: { $0 != value }) { count(first) }
    var difference = [Float](repeating: 0, count: size)
    // The variance of shot noise at a gain of 1, and the total.
    var light = difference
    var expected = difference
    let excess = Float(camera.excessNoise)
    let half = Float(0.5).squareRoot()
    for i in 0..<size {
      difference[i] = (second[i] - first[i]) * half
      light[i] = excess * ((first[i] + second[i]) * 0.5 - offset[i])
      // Rounding to integers adds a variance of 1/12.
      expected[i] = gain[i] * light[i] + read[i] + (isWhole ? 1 / 12 : 0)
    }
    let noise = filtered(difference, outer: 1, inner: -2)
    light = filtered(light, outer: 1, inner: 4)
    expected = filtered(expected, outer: 1, inner: 4)
    let readNoise = filtered(read, outer: 1, inner: 4)
    for y in stride(from: 1, through: height - 1 - Self.block, by: Self.block) {
      for x in stride(from: 1, through: width - 1 - Self.block, by: Self.block) {
        var (seen, variance, photons, dark) = (0.0, 0.0, 0.0, 0.0)
        for v in y..<y + Self.block {
          for i in v * width + x..<v * width + x + Self.block {
            seen += Double(noise[i] * noise[i])
            variance += Double(expected[i])
            photons += Double(light[i])
            dark += Double(readNoise[i])
          }
        }
        // Empty and repeated frames have no noise; NaN fails every comparison.
        guard seen > 0, seen.isFinite, variance.isFinite else { continue }
        ratios.append(variance > 0 ? seen / variance : .infinity)
        surplus.append((variance - seen) / Double(Self.block * Self.block))
        if photons > 0 { gains.append(impliedGain(seen, photons, dark)) }
      }
    }
  }

  /// ADU per electron for which a block's light and read noise give `seen`.
  private func impliedGain(_ seen: Double, _ light: Double, _ read: Double) -> Double {
    // Maps state read noise in ADU, scalars in electrons, which the gain then converts too.
    guard let electrons = readElectrons, electrons > 0 else { return (seen - read) / light }
    let noise = electrons * Double(Self.block * Self.block)
    return ((light * light + 4 * noise * seen).squareRoot() - light) / (2 * noise)
  }

  /// Counts pixels below the offset, and records which values occur.
  private mutating func count(_ frame: [Float]) {
    for (i, value) in frame.enumerated() where value.isFinite {
      pixels += 1
      if pixels % 7 == 0 { samples.append(value) }
      if value < offset[i] - 5 * read[i].squareRoot() - 1 { pixelsBelow += 1 }
      if value >= 0, value < 65536, value == value.rounded() {
        histogram[Int(value)] += 1
      } else {
        isWhole = false
      }
    }
  }

  /// The mask outer-inner-outer along both axes, scaled so that independent pixels keep their
  /// variance; zero at the rim.
  private func filtered(_ image: [Float], outer: Float, inner: Float) -> [Float] {
    var rows = [Float](repeating: 0, count: image.count)
    var result = rows
    for i in 1..<image.count - 1 {
      rows[i] = outer * (image[i - 1] + image[i + 1]) + inner * image[i]
    }
    // Differences are squared later, variances are not.
    let scale: Float = inner < 0 ? 1 / 6 : 1 / 36
    for i in width..<image.count - width {
      result[i] = scale * (outer * (rows[i - width] + rows[i + width]) + inner * rows[i])
    }
    return result
  }

  /// The result; nil if there was too little data.
  package var finding: Finding? {
    guard ratios.count >= 20 else { return nil }
    return Finding(
      ratio: ratios.median, below: Double(pixelsBelow) / Double(max(pixels, 1)),
      impliedGain: gains.isEmpty ? nil : gains.median,
      impliedShift: surplus.median / (camera.excessNoise * typicalGain), step: step)
  }

  private var typicalGain: Double { gain.map(Double.init).median }
  private var typicalOffset: Double { offset.map(Double.init).median }

  /// The distance between occurring values, if the middle of the histogram is mostly empty.
  private var step: Double? {
    guard isWhole else { return nil }
    let total = histogram.reduce(0) { $0 + Int($1) }
    var (sum, low, high) = (0, 0, 0)
    for (value, count) in histogram.enumerated() where count > 0 {
      if sum < total / 20 { low = value }
      if sum < total / 20 * 19 { high = value }
      sum += Int(count)
    }
    let range = high - low + 1
    let teeth = histogram[low...high].count { $0 > 0 }
    guard teeth >= 5, total / range >= 20, 3 * teeth < 2 * range else { return nil }
    return Double(high - low) / Double(teeth - 1)
  }

  /// A contradiction to the camera settings; nil if there is none.
  package var warning: Warning? {
    guard let finding else { return nil }
    let numbers = String(format: "offset %.4g, gain %.4g", typicalOffset, typicalGain)
    if finding.below > Self.credibleBelow {
      let share = String(format: "%.1f", 100 * finding.below)
      return Warning(
        message: "\(share) % of the pixels lie below the offset by more than five times the read "
          + "noise (\(numbers) ADU/e⁻)",
        remedy: "the offset is too high, or the read noise is not given; \(Self.measure)",
        isExcess: false, isGross: finding.below > 1 / 3)
    }
    guard !Self.credibleRatio.contains(finding.ratio) else { return nil }
    var line =
      "the noise is \(Self.short(finding.ratio, 2)) times the value expected from the camera "
      + "settings (\(numbers) ADU/e⁻)"
    if let step = finding.step {
      line += String(format: "; pixel values come in steps of %.3g, so they were scaled", step)
    }
    return Warning(
      message: Message(line), remedy: remedy(finding),
      isExcess: finding.ratio > 1,
      isGross: !(1 / 3...3).contains(finding.ratio))
  }

  /// A movie that contradicts its camera, with possible reasons.
  package struct Warning: Fault, Hashable {
    package let message: Message
    package let remedy: Message?
    /// Whether there is more noise than the camera explains, which a crowd of molecules can also make.
    package let isExcess: Bool
    /// Whether the contradiction is so large that photons and errors would be wrong by a factor of
    /// three or more.
    package let isGross: Bool
  }

  private static let measure: Message =
    "a camera calibration from dark and bright frames measures both"

  /// ADU per electron, and electrons of read noise, that no camera without an EM register is sold
  /// with.
  private static let mostOfPlainCameras = 20.0

  /// A number with few digits, such as 0.042 or 1100.
  private static func short(_ value: Double, _ digits: Int) -> String {
    String(format: "%.15g", Double(String(format: "%.\(digits)g", value)) ?? value)
  }

  /// Possible reasons. Offset and gain cannot both be told from the noise, so that the offset comes
  /// first: dark frames, or the darkest pixels, show it. Nothing outside the data is proposed.
  private func remedy(_ finding: Finding) -> Message {
    let short = Self.short
    let shifted = typicalOffset + finding.impliedShift
    // Most pixels have some light, so that the offset is below their median.
    let fitting = shifted >= 0 && shifted <= quantile(0.5) ? shifted : nil
    // ADU per electron at the output, as the setting states it.
    let implied = finding.impliedGain.map { $0 / camera.emGain }.flatMap { $0 > 0 ? $0 : nil }
    let given = typicalGain / camera.emGain
    func near(_ value: Double) -> Bool {
      implied.map { abs(log($0 / value)) < log(1.2) && abs(log($0 / given)) >= log(1.2) } ?? false
    }
    let electrons: Message =
      "the pixel values seem to be electrons already: try \(.gain) 1 with a matching offset"
    if typicalOffset == 0 {
      let offset = fitting.map { "; an offset of about \(short($0, 3)) would fit" } ?? ""
      return "give the camera's \(.offset) first, the pixel value without light\(offset). "
        + "The darkest pixels have \(short(quantile(0.001), 4)) ADU"
        + (camera.emGain == 1 && near(1) ? ". Or \(electrons)" : "; \(Self.measure)")
    }
    if let implied, near(1 / given) {
      return
        "gain is ADU per electron, and \(short(given, 4)) looks like the e⁻/ADU of a data sheet: "
        + "try \(.sensitivity) \(short(given, 4)), which is a gain of \(short(1 / given, 4)) "
        + "(about \(short(implied, 2)) would fit)"
    }
    if camera.emGain == 1, near(1) { return electrons }
    if camera.emGain == 1, max(implied ?? 0, camera.readNoise) > Self.mostOfPlainCameras {
      return
        "the noise is that of a camera with an EM register: give its \(.emGain) beside \(.gain); "
        + Self.measure
    }
    let fits = [
      implied.map { "a gain of about \(short($0, 2)) ADU/e⁻" },
      fitting.map { "an offset of about \(short($0, 3))" },
    ].compactMap { $0 }
    return fits.isEmpty
      ? Self.measure : "\(fits.joined(separator: " or ")) would fit; \(Self.measure)"
  }

  /// The value that a share of the pixels is below, ADU.
  private func quantile(_ share: Double) -> Double {
    let sorted = samples.sorted()
    return sorted.isEmpty ? 0 : Double(sorted[Int(share * Double(sorted.count - 1))])
  }
}
