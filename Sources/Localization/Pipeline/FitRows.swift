import Microscopy
import Optics

/// Converts fitted spots to rows of a table.
extension FitStage {
  package var quantities: [Quantity] {
    [.x, .y] + axialColumns + [.photons, .background] + widthColumns + [.xError, .yError]
      + (axialColumns.isEmpty ? [] : [.zError]) + [.photonsError, .backgroundError]
      + (fitsWidths ? [.sigmaXError] + (hasTwoWidths ? [.sigmaYError] : []) : [])
      + [.logLikelihoodRatio, .reducedChiSquare, .iterations, .state, .edge, score]
  }

  private var axialColumns: [Quantity] {
    psf == nil ? [] : axialFit == nil ? [.z, Self.distance] : [.z]
  }

  private var widthColumns: [Quantity] {
    if case .spline = psf { return [] }
    return hasTwoWidths ? [.sigmaX, .sigmaY] : [.sigmaX]
  }

  /// False if one width stands for both axes.
  private var hasTwoWidths: Bool {
    axialFit != nil || settings.fit.gaussian?.widths == .elliptical
  }

  /// Whether the widths are fit parameters.
  private var fitsWidths: Bool { axialFit == nil && settings.fit.gaussian?.widths != .fixed }

  /// The distance between a spot's widths and the calibrated widths at its z, √px; Picasso's name.
  private static let distance = Quantity("d_zcalib", .none)

  /// The detector's score; Picasso uses its own name.
  private var score: Quantity {
    settings.detection.detector.kind == .gradient ? Self.netGradient : .score
  }

  private static let netGradient = Quantity("net_gradient", .none)

  /// Appends the received rows, converted to photons and pixels, with standard errors.
  ///
  /// - Parameter first: the first frame of the movie for which the batch gives results.
  func append(_ rows: ReceivedRows, first: Int, to table: inout Localizations) {
    let kept = rows.kept
    table.appendFrames(kept.count) { first + Int(rows.peaks[3 * kept[$0]]) }
    func fill(_ quantity: Quantity, _ value: (Int) -> Double) {
      table.append(kept.count, to: quantity) { value(kept[$0]) }
    }
    let scale = counts.photons
    fill(.x) { Double(rows.peaks[3 * $0 + 2]) + rows.value($0, 0) + Double(origin.x) }
    fill(.y) { Double(rows.peaks[3 * $0 + 1]) + rows.value($0, 1) + Double(origin.y) }
    fill(.photons) { rows.value($0, 2) * scale }
    fill(.background) { rows.value($0, 3) * scale }
    fill(.xError) { rows.variance($0, 0).squareRoot() }
    fill(.yError) { rows.variance($0, 1).squareRoot() }
    fill(.photonsError) { rows.variance($0, 2).squareRoot() * scale }
    fill(.backgroundError) { rows.variance($0, 3).squareRoot() * scale }
    if axialFit == nil {
      fill(.sigmaX) { rows.value($0, 4) }
      if hasTwoWidths { fill(.sigmaY) { rows.value($0, 5) } }
    }
    if fitsWidths {
      fill(.sigmaXError) { rows.variance($0, 4).squareRoot() }
      if hasTwoWidths { fill(.sigmaYError) { rows.variance($0, 5).squareRoot() } }
    }
    fillHeights(of: rows, fill)
    fill(.logLikelihoodRatio) { Double(rows.deviance[$0]) }
    fill(.reducedChiSquare) { Double(rows.chiSquare[$0]) }
    fill(.iterations) { Double(rows.iterations[$0]) }
    fill(.state) { Double(rows.state[$0]) }
    fill(.edge) { rows.cut($0).isCut ? 1 : 0 }
    fill(score) { Double(rows.score[$0]) }
  }

  /// z and related columns in the sample, nm: the calibration's z times the refractive-index
  /// factor.
  private func fillHeights(
    of rows: ReceivedRows, _ fill: (Quantity, (Int) -> Double) -> Void
  ) {
    guard let psf else { return }
    let factor = psf.axial.indexFactor
    guard axialFit == nil else {
      fill(.z) { rows.value($0, 4) * factor }
      fill(.zError) { rows.variance($0, 4).squareRoot() * factor }
      if case .astigmatic(let psf) = psf {
        fill(.sigmaX) { psf.x.width(at: rows.value($0, 4)) }
        fill(.sigmaY) { psf.y.width(at: rows.value($0, 4)) }
      }
      return
    }
    guard case .astigmatic(let psf) = psf else { return }
    func height(_ row: Int) -> AstigmaticPSF.Height {
      psf.height(
        sigmaX: rows.value(row, 4), sigmaY: rows.value(row, 5),
        errorX: rows.variance(row, 4).squareRoot(), errorY: rows.variance(row, 5).squareRoot())
    }
    fill(.z) { height($0).z * factor }
    fill(.zError) { height($0).error * factor }
    fill(Self.distance) { height($0).distance }
  }
}
