import Foundation
import Microscopy
import Reporting

/// A point spread function computed from the pupil by scalar diffraction, with any phase.
///
/// The field at the molecule's image is E(u) = ∫ P(k) exp i[φ(k) + z k_z + 2π k·u] dk over |k| ≤
/// NA/λ, with k_z = 2π √((n/λ)² − |k|²) and uniform amplitude; the image is |E|², integrated over
/// pixels and scaled so that all light through the pupil is 1. Goodman, Introduction to Fourier
/// Optics, ch. 6. Polarisation and index mismatch are not modelled. z in nm is the molecule's
/// height, increasing away from the objective: light of a higher molecule travels further, and a
/// positive phase is a delay. A phase that delays the middle of the pupil more than its rim, like a
/// converging lens, therefore focuses molecules below the focal plane; a positive Zernike defocus
/// (2, 0) those above it.
///
/// Example: a cylindrical lens as 0.1 waves of astigmatism:
/// ```swift
/// var psf = PupilPSF(pixelSize: 100)
/// psf.zernike = [ZernikeTerm(n: 2, m: 2, waves: 0.1)]
/// let table = try psf.tabulated(zRange: -600...600)
/// ```
public struct PupilPSF: Codable, Hashable, Sendable {
  public var numericalAperture: Double
  /// Vacuum wavelength, nm.
  public var wavelength: Double
  /// Refractive index of sample and immersion.
  public var refractiveIndex: Double
  /// Camera pixel in the sample plane, nm.
  public var pixelSize: Double
  public var zernike: [ZernikeTerm]
  public var mask: PhaseMask?

  public init(
    numericalAperture: Double = PupilPSF.numericalAperture.standard,
    wavelength: Double = PupilPSF.wavelength.standard,
    refractiveIndex: Double = PupilPSF.refractiveIndex.standard, pixelSize: Double,
    zernike: [ZernikeTerm] = [], mask: PhaseMask? = nil
  ) {
    self.numericalAperture = numericalAperture
    self.wavelength = wavelength
    self.refractiveIndex = refractiveIndex
    self.pixelSize = pixelSize
    self.zernike = zernike
    self.mask = mask
  }

  enum CodingKeys: String, CodingKey {
    case numericalAperture = "na"
    case wavelength
    case refractiveIndex = "refractive_index"
    case pixelSize = "pixel_size"
    case zernike, mask
  }

  /// Why the settings are invalid; nil if the PSF can be computed.
  public var problem: String? {
    do { try checkRanges() } catch { return error.message.description }
    if !(numericalAperture < refractiveIndex) {
      return "the numerical aperture \(numericalAperture) must be below the refractive index "
        + "\(refractiveIndex)"
    }
    if let term = zernike.first(where: { !$0.isPossible }) {
      return "a Zernike term \(term.n),\(term.m) of \(term.waves) waves does not exist"
    }
    return mask?.problem
  }

  /// The PSF on a fine grid, for drawing many molecules.
  ///
  /// - Parameters:
  ///   - zRange: range of the molecules, nm.
  ///   - reach: half the width of the image, px; nil: all rays of the range, at most 48 px.
  ///   - zStep: largest distance between planes, nm.
  /// - Precondition: `problem` is nil and `zRange` finite.
  package func tabulated(
    zRange: ClosedRange<Double>, reach: Int? = nil, zStep: Double = 20
  ) -> TabulatedPSF {
    precondition(problem == nil, "a possible pupil")
    let deepest = max(abs(zRange.lowerBound), abs(zRange.upperBound))
    let slope = tan(asin(min(numericalAperture / refractiveIndex, 0.9)))
    let reach =
      reach ?? Int(min(48, max(8, ((deepest * slope + 1000) / pixelSize).rounded(.up))))
    // Two planes beyond each end, for cubic interpolation up to the ends.
    let intervals = max(1, Int(((zRange.upperBound - zRange.lowerBound) / zStep).rounded(.up)))
    let step = max(zRange.upperBound - zRange.lowerBound, 1) / Double(intervals)
    let heights = (-1...intervals + 1).map { zRange.lowerBound + Double($0) * step }
    let side = TabulatedPSF.side(reach: reach)
    var values = [Float](repeating: 0, count: heights.count * side * side)
    let pupil = Pupil(self)
    values.withUnsafeMutableBufferPointer { values in
      // Unsafe, because the compiler cannot see that each thread writes planes of its own.
      nonisolated(unsafe) let values = values
      Threads.share(heights.count) { plane in
        let image = pupil.image(
          z: heights[plane], first: -Double(reach) - 0.5, step: 1 / Double(TabulatedPSF.finer),
          side: side)
        for (i, value) in image.enumerated() {
          values[plane * side * side + i] = Float(value)
        }
      }
    }
    return TabulatedPSF(
      reach: reach, values: values, firstZ: heights[0], zStep: step, zRange: zRange)
  }

  /// The share of light on each pixel of a block, computed directly from diffraction; slow.
  package func shares(
    columns: Range<Int>, rows: Range<Int>, x: Double, y: Double, z: Double
  ) -> [Double] {
    let side = max(columns.count, rows.count)
    let image = Pupil(self).image(
      z: z, firstX: Double(columns.lowerBound) - x, firstY: Double(rows.lowerBound) - y, step: 1,
      side: side)
    return (0..<rows.count).flatMap { image[$0 * side..<$0 * side + columns.count] }
  }
}

extension PupilPSF: SettingGroup {
  public static let numericalAperture = Setting(
    .numericalAperture, title: "numerical aperture", standard: 1.4,
    allowed: .above(0.05, upTo: 4), "numerical aperture")
  public static let wavelength = Setting(
    .wavelength, unit: "nm", standard: 670.0, allowed: .within(100...10000),
    "vacuum wavelength of the emission")
  public static let refractiveIndex = Setting(
    .refractiveIndex, title: "refractive index", standard: 1.518, allowed: .within(1...4),
    "refractive index of sample and immersion")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.numericalAperture, &numericalAperture)
    try form.field(Self.wavelength, &wavelength)
    try form.field(Self.refractiveIndex, &refractiveIndex)
    try form.field(FieldOfView.pixelSize, &pixelSize)
  }
}

/// The pupil sampled on a grid, and its images.
private struct Pupil: Sendable {
  /// Cells across the pupil. The image has this period in units of λ/2NA: 20 µm for NA 1.4.
  private static let cells = 84
  /// Real and imaginary part of the field at focus, row by row; k_z of each cell, 1/nm.
  private var field: [(re: Double, im: Double)] = []
  private var axial: [Double] = []
  /// Cycles per pixel of each column (and row) of cells.
  private let frequencies: [Double]
  private let scale: Double

  init(_ psf: PupilPSF) {
    let cells = Self.cells
    let edge = psf.numericalAperture / psf.wavelength
    func place(_ i: Int, _ part: Double) -> Double {
      2 * (Double(i) + part) / Double(cells) - 1
    }
    frequencies = (0..<cells).map { place($0, 0.5) * edge * psf.pixelSize }
    var energy = 0.0
    for row in 0..<cells {
      for column in 0..<cells {
        let (x, y) = (place(column, 0.5), place(row, 0.5))
        // Cells on the rim are weighted by the part that is inside.
        var inside = 0.0
        for b in 0..<8 {
          for a in 0..<8 {
            let (u, v) = (place(column, (Double(a) + 0.5) / 8), place(row, (Double(b) + 0.5) / 8))
            inside += u * u + v * v <= 1 ? 1.0 / 64 : 0
          }
        }
        let phase =
          2 * .pi * psf.zernike.reduce(0) { $0 + $1.waves * $1.value(x: x, y: y) }
          + (psf.mask?.phase(x: x, y: y) ?? 0)
        field.append((inside * cos(phase), inside * sin(phase)))
        // Sum over the disc itself: squaring the mean amplitude of rim cells would give too little.
        energy += inside
        let lateral = min(x * x + y * y, 1) * edge * edge
        let whole = psf.refractiveIndex / psf.wavelength
        axial.append(2 * .pi * (whole * whole - lateral).squareRoot())
      }
    }
    // Parseval: Σ |E|² over the period is (Σ |P|²) times the number of cells; per area of a pixel.
    let period = 1 / (frequencies[1] - frequencies[0])
    scale = 1 / (energy * period * period)
  }

  func image(z: Double, first: Double, step: Double, side: Int) -> [Double] {
    image(z: z, firstX: first, firstY: first, step: step, side: side)
  }

  /// Light on pixels whose centres are `firstX + i · step`, `firstY + j · step` px from the
  /// molecule.
  ///
  /// Two matrix products give the Fourier transform at just these points. Each pixel is integrated
  /// by Simpson's rule on a grid four times finer than a pixel, accurate to 10⁻³ for the finest
  /// detail that passes the pupil.
  func image(z: Double, firstX: Double, firstY: Double, step: Double, side: Int) -> [Double] {
    let (cells, finer) = (Self.cells, TabulatedPSF.finer)
    let weights = [1.0, 4, 2, 4, 1].map { $0 / 12 }
    // Fine points that neighbouring pixels share are computed once.
    let stride = Int((step * Double(finer)).rounded())
    let points = (side - 1) * stride + finer + 1
    func waves(_ first: Double) -> [(re: Double, im: Double)] {
      (0..<points).flatMap { i in
        let u = first - 0.5 + Double(i) / Double(finer)
        return frequencies.map { (cos(2 * .pi * $0 * u), sin(2 * .pi * $0 * u)) }
      }
    }
    let (across, down) = (waves(firstX), waves(firstY))
    // The phase of the pupil's middle is common to all points and has no effect.
    let middle = axial[cells / 2 * cells + cells / 2]
    let pupil = field.indices.map { i -> (re: Double, im: Double) in
      let phase = z * (axial[i] - middle)
      let (c, s) = (cos(phase), sin(phase))
      return (field[i].re * c - field[i].im * s, field[i].re * s + field[i].im * c)
    }
    // [cell row][point] = Σ over columns, then [point row][point] = Σ over rows.
    let half = product(pupil, across, cells, points, cells)
    var turned = half
    for row in 0..<cells {
      for point in 0..<points { turned[point * cells + row] = half[row * points + point] }
    }
    let whole = product(down, turned, points, points, cells)
    let light = whole.map { $0.re * $0.re + $0.im * $0.im }
    var image = [Double](repeating: 0, count: side * side)
    for row in 0..<side {
      for column in 0..<side {
        var sum = 0.0
        for b in 0...finer {
          let start = (row * stride + b) * points + column * stride
          for a in 0...finer { sum += weights[a] * weights[b] * light[start + a] }
        }
        image[row * side + column] = sum * scale
      }
    }
    return image
  }

  /// A Bᵀ of complex matrices of `rows × inner` and `columns × inner`.
  private func product(
    _ a: [(re: Double, im: Double)], _ b: [(re: Double, im: Double)], _ rows: Int, _ columns: Int,
    _ inner: Int
  ) -> [(re: Double, im: Double)] {
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        [(re: Double, im: Double)](unsafeUninitializedCapacity: rows * columns) { result, count in
          for row in 0..<rows {
            for column in 0..<columns {
              var (re, im) = (0.0, 0.0)
              for k in 0..<inner {
                let (x, y) = (a[row * inner + k], b[column * inner + k])
                re += x.re * y.re - x.im * y.im
                im += x.re * y.im + x.im * y.re
              }
              result[row * columns + column] = (re, im)
            }
          }
          count = rows * columns
        }
      }
    }
  }
}
