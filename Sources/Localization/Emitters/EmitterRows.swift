import Compute
import Microscopy
import Optics

/// Converts the molecules of a fit of several emitters to rows of a table.
extension EmitterStage {
  package var quantities: [Quantity] {
    [.x, .y] + (hasHeight ? [.z] : []) + [.photons, .background] + widthColumns
      + [.xError, .yError] + (hasHeight ? [.zError] : []) + [.photonsError]
      + (hasFreeWidth ? [.sigmaXError] : [])
      + [.reducedChiSquare, .likelihoodRatio, .separability, .neighbours, .edge]
  }

  private var hasHeight: Bool { psf != nil }

  private var hasFreeWidth: Bool {
    if case .gaussian(.free, _) = settings.spot { return true }
    return false
  }

  private var widthColumns: [Quantity] {
    switch psf {
    case .spline: []
    case .astigmatic: [.sigmaX, .sigmaY]
    case nil: [.sigmaX]
    }
  }

  /// Appends the molecules of a batch, converted to photons and pixels of the movie, with standard
  /// errors.
  func append(
    _ received: ReceivedEmitters, _ batch: Batch, to table: inout Localizations,
    _ tally: inout SpotTally
  ) {
    let raw = RawFrames(batch.bytes, pixel, width: width, height: height)
    var rows = received.rows
    if let kept { rows.removeAll { !isKept(received, $0, kept) } }
    func remove(_ state: FitState, _ test: (Int) -> Bool) {
      let before = rows.count
      rows.removeAll(where: test)
      if rows.count < before { tally.drop(state.name, before - rows.count) }
    }
    remove(.invalid) { !raw.isFinite(around: received, $0) }
    remove(.singular) { !received.error($0, .counts).isFinite }
    if let limit = camera.saturation ?? (pixel == .uint16 ? 65535 : nil) {
      tally.saturated = rows.count { raw.reaches(Float(limit), around: received, $0) }
    }
    table.appendFrames(rows.count) { batch.first + received.frame(rows[$0]) }
    func fill(_ quantity: Quantity, _ value: (Int) -> Double) {
      table.append(rows.count, to: quantity) { value(rows[$0]) }
    }
    let scale = counts.photons
    fill(.x) { received.x($0) + Double(origin.x) }
    fill(.y) { received.y($0) + Double(origin.y) }
    fill(.photons) { received.counts($0) * scale }
    fill(.background) { received.background($0) * scale }
    fill(.xError) { received.error($0, .x) }
    fill(.yError) { received.error($0, .y) }
    fill(.photonsError) { received.error($0, .counts) * scale }
    fillShapes(received, fill)
    fill(.reducedChiSquare) { received.chiSquare($0) }
    fill(.likelihoodRatio) { received.likelihoodRatio($0) }
    fill(.separability) { received.counts($0) / received.error($0, .counts) }
    fill(.neighbours) { received.neighbours($0) }
    fill(.edge) { isCut(received, $0) ? 1 : 0 }
  }

  private func isKept(_ received: ReceivedEmitters, _ row: Int, _ kept: PixelRegion) -> Bool {
    func holds(_ place: Double, _ first: Int, _ count: Int, _ origin: Int, _ length: Int) -> Bool {
      let pixel = Int(place.rounded()) + origin
      return (pixel >= first || first == origin)
        && (pixel < first + count || first + count == origin + length)
    }
    return holds(received.x(row), kept.x, kept.width, origin.x, width)
      && holds(received.y(row), kept.y, kept.height, origin.y, height)
  }

  /// Whether the frame's edge cuts the image of a molecule, three widths around it.
  private func isCut(_ received: ReceivedEmitters, _ row: Int) -> Bool {
    let widths = model.widths(at: received.height(row))
    func cuts(_ place: Double, _ width: Double, _ length: Int) -> Bool {
      min(place + 0.5, Double(length) - 0.5 - place) < 3 * width
    }
    return cuts(received.x(row), widths.x.sigma, width)
      || cuts(received.y(row), widths.y.sigma, height)
  }

  private func fillShapes(
    _ received: ReceivedEmitters, _ fill: (Quantity, (Int) -> Double) -> Void
  ) {
    if let factor = psf?.axial.indexFactor {
      fill(.z) { received.height($0) * factor }
      fill(.zError) { received.error($0, .height) * factor }
    }
    if case .astigmatic(let psf) = psf {
      fill(.sigmaX) { psf.x.width(at: received.height($0)) }
      fill(.sigmaY) { psf.y.width(at: received.height($0)) }
    } else if case .gaussian(let widths, _) = settings.spot, let sigma = settings.sigma {
      fill(.sigmaX) {
        sigma * (widths == .free ? EmitterModel.relativeWidth(at: received.height($0)) : 1)
      }
      if widths == .free {
        fill(.sigmaXError) {
          sigma * EmitterModel.relativeWidthPerHeight * received.error($0, .height)
        }
      }
    }
  }
}

/// The camera's pixels around a molecule.
private struct RawFrames {
  let bytes: UnsafeRawBufferPointer
  let pixel: PixelType
  let width: Int
  let height: Int

  init(_ bytes: UnsafeRawBufferPointer, _ pixel: PixelType, width: Int, height: Int) {
    self.bytes = bytes
    self.pixel = pixel
    self.width = width
    self.height = height
  }

  /// Half of the side of the square that is looked at, px.
  private static let half = 2

  private func holds(
    around received: ReceivedEmitters, _ row: Int, _ test: (Float) -> Bool
  ) -> Bool {
    let (x, y) = (Int(received.x(row).rounded()), Int(received.y(row).rounded()))
    let columns = max(x - Self.half, 0)..<max(min(x + Self.half + 1, width), 0)
    let lines = max(y - Self.half, 0)..<max(min(y + Self.half + 1, height), 0)
    for line in lines {
      for column in columns where test(value(received.frame(row), line, column)) { return true }
    }
    return false
  }

  private func value(_ frame: Int, _ line: Int, _ column: Int) -> Float {
    let place = (frame * height + line) * width + column
    return pixel == .uint16
      ? Float(bytes.bindMemory(to: UInt16.self)[place]) : bytes.bindMemory(to: Float.self)[place]
  }

  func isFinite(around received: ReceivedEmitters, _ row: Int) -> Bool {
    pixel == .uint16 || !holds(around: received, row) { !$0.isFinite }
  }

  func reaches(_ limit: Float, around received: ReceivedEmitters, _ row: Int) -> Bool {
    holds(around: received, row) { $0 >= limit }
  }
}
