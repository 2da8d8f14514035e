import Microscopy

extension SplinePSF {
  /// The spline through samples of another PSF, to fit shapes that have no code of their own.
  ///
  /// - Parameters:
  ///   - psf: the PSF to sample.
  ///   - side: knots along x and y, odd; the molecule is at the middle one.
  ///   - zStep: distance between planes, nm; the grid extends one plane beyond `zRange` at either
  ///     end.
  ///   - zRange: nil for that of the PSF, which must then have one.
  ///   - starts: start values of z for fits, nm.
  ///   - pixelSize: pixel size in the sample, nm.
  ///   - axial: sign, origin and scale of z.
  /// - Throws: `SplinePSFError`.
  package init(
    sampling psf: any PointSpreadFunction, side: Int, zStep: Double,
    zRange: ClosedRange<Double>? = nil, starts: [Double] = [], pixelSize: Double? = nil,
    axial: AxialConvention = AxialConvention()
  ) throws(SplinePSFError) {
    guard let range = zRange ?? psf.axialRange, zStep > 0 else {
      throw SplinePSFError(
        "a spline requires a z range and a z step greater than 0, not \(zStep) nm",
        hint: "give the z range and the distance between planes")
    }
    let first = range.lowerBound - zStep
    let planes = Int(((range.upperBound - range.lowerBound) / zStep).rounded(.up)) + 3
    let half = side / 2
    let volume = (0..<planes).flatMap { k in
      psf.shares(
        columns: -half..<half + 1, rows: -half..<half + 1, x: 0, y: 0,
        z: first + Double(k) * zStep
      ).map(\.value)
    }
    try self.init(
      interpolating: volume, columns: side, rows: side, planes: planes, zStep: zStep,
      firstZ: first, centreX: Double(half), centreY: Double(half), zRange: range, starts: starts,
      pixelSize: pixelSize, axial: axial)
  }
}

extension AstigmaticPSF {
  /// A typical cylindrical lens: 1.2 px at the waists, which are at ±220 nm, trusted over ±600 nm.
  package static let typical = AstigmaticPSF(
    x: .defocus(width: 1.2, focus: 220, depth: 420, terms: [0.05, 0.02]),
    y: .defocus(width: 1.25, focus: -220, depth: 420, terms: [-0.05, 0.02]), zRange: -600...600)
}
