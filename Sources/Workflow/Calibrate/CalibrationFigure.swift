import Formats
import Foundation
import Microscopy
import Optics

/// The report as a picture with six panels.
struct CalibrationFigure {
  private let calibration: PSFCalibration
  private let settings: PSFCalibrationSettings
  private let check: AxialCheck

  init(_ calibration: PSFCalibration, model: CalibratePSFJob.Model) {
    self.calibration = calibration
    settings = calibration.settings
    check =
      model == .astigmatic ? calibration.astigmaticCheck ?? calibration.check : calibration.check
  }

  private static let panel = (width: 620, height: 460)

  var picture: ColourPicture {
    let (width, height) = Self.panel
    var canvas = Canvas(width: 3 * width, height: 2 * height + 20)
    widths.draw(on: &canvas, x: 0, y: 10, width: width, height: height)
    heights.draw(on: &canvas, x: width, y: 10, width: width, height: height)
    bounds.draw(on: &canvas, x: 2 * width, y: 10, width: width, height: height)
    drawBeads(on: &canvas, x: 0, y: height + 20, width: width, height: height)
    drawPSF(on: &canvas, x: width, y: height + 20, width: width, height: height)
    edge.draw(on: &canvas, x: 2 * width, y: height + 20, width: width, height: height)
    return canvas.picture
  }

  private var widths: LinePlot {
    let samples = calibration.widths
    func points(_ name: String, _ ink: Ink, _ value: (WidthSample) -> Double) -> LinePlot.Series {
      LinePlot.Series(
        name: name, ink: ink, x: samples.map(\.z), y: samples.map(value), isLine: false)
    }
    var series = [points("σx", .blue, \.sigmaX), points("σy", .orange, \.sigmaY)]
    if let psf = calibration.astigmatic {
      let zs = (0...100).map {
        psf.zRange.lowerBound
          + Double($0) / 100 * (psf.zRange.upperBound - psf.zRange.lowerBound)
      }
      for (curve, ink) in [(psf.x, Ink.blue), (psf.y, .orange)] {
        series.append(LinePlot.Series(name: "", ink: ink, x: zs, y: zs.map(curve.width(at:))))
      }
    }
    return LinePlot(
      title: "widths of an elliptical Gaussian", xLabel: "z (nm)", yLabel: "px", series: series,
      band: check.trusted, outliers: 0.01)
  }

  private var heights: LinePlot {
    let points = check.recovered
    return LinePlot(
      title: String(format: "height of the beads: fit - stage, rms %.1f nm", check.rms),
      xLabel: "z (nm)", yLabel: "nm",
      series: [
        LinePlot.Series(
          name: "", ink: .blue, x: points.map(\.z), y: points.map { $0.fitted - $0.z },
          isLine: false)
      ], band: check.trusted, outliers: 0.03)
  }

  private var bounds: LinePlot {
    let bounds = check.bounds
    func curve(_ name: String, _ ink: Ink, _ value: (AxialCheck.Bound) -> Double?)
      -> LinePlot.Series
    {
      LinePlot.Series(
        name: name, ink: ink, x: bounds.map(\.z), y: bounds.map { value($0) ?? .nan })
    }
    var series = [curve("z", .green, \.zError)]
    if let pixel = settings.pixelSize {
      series.append(curve("x", .blue) { $0.x.map { $0 * pixel } })
      series.append(curve("y", .orange) { $0.y.map { $0 * pixel } })
    }
    let inside = bounds.filter { check.trusted.contains($0.z) }.compactMap(\.zError)
    return LinePlot(
      title: "√CRLB, 1000 photons, background 10, box \(check.box)", xLabel: "z (nm)",
      yLabel: "nm", series: series, band: check.trusted,
      yRange: 0...max(1.6 * (inside.max() ?? 50), 1))
  }

  private var edge: LinePlot {
    let light = calibration.light
    return LinePlot(
      title: "light in the box, and at its edge / mean", xLabel: "z (nm)", yLabel: "",
      series: [
        LinePlot.Series(name: "edge", ink: .red, x: light.map(\.z), y: light.map(\.edge)),
        LinePlot.Series(name: "box", ink: .green, x: light.map(\.z), y: light.map(\.box)),
      ], band: check.trusted, yRange: 0...1.3)
  }

  private func drawBeads(on canvas: inout Canvas, x: Int, y: Int, width: Int, height: Int) {
    let used = calibration.used
    canvas.text("beads: \(used) used, \(calibration.beads.count - used) rejected", x: x + 24, y: y)
    let count = min(calibration.projections.count, 4)
    let columns = count > 1 ? 2 : 1
    let side = (width - 60) / columns
    let tall = (height - 40) / (count > 2 ? 2 : 1)
    for (index, stack) in calibration.projections.prefix(count).enumerated() {
      let scale = min(
        Double(side - 10) / Double(stack.width), Double(tall - 10) / Double(stack.height))
      let (left, top) = (x + 24 + index % columns * side, y + 26 + index / columns * tall)
      canvas.image(
        Self.levels(stack.pixels.map(Double.init)), columns: stack.width, x: left, y: top,
        scale: scale)
      for bead in calibration.beads where bead.stack == index {
        let ink: Ink = bead.fault == nil ? .green : .red
        let place = (
          x: Double(left) + (bead.x + 0.5) * scale, y: Double(top) + (bead.y + 0.5) * scale
        )
        canvas.circle(place.x, place.y, ink, radius: Double(settings.roi) / 2 * scale)
        if let fault = bead.fault {
          canvas.text(
            fault.name, x: min(max(Int(place.x), left + 60), left + side - 80), y: Int(place.y),
            ink, .middle)
        }
      }
    }
  }

  /// Sections of the PSF: at seven values of z, and in x–z and y–z through its centre.
  private func drawPSF(on canvas: inout Canvas, x: Int, y: Int, width: Int, height: Int) {
    let spline = calibration.spline
    let side = settings.roi
    canvas.text("the PSF: sections at heights, x-z and y-z", x: x + 24, y: y)
    let range = check.trusted
    let each = (width - 50) / 4
    let scale = Double(each - 10) / Double(side)
    let (left, top) = (-Int(spline.centreX), -Int(spline.centreY))
    func plane(_ z: Double) -> [Double] {
      spline.shares(
        columns: left..<left + side, rows: top..<top + side, x: 0, y: 0, z: z
      ).map(\.value)
    }
    for i in 0..<8 {
      let place = (x: x + 24 + i % 4 * each, y: y + 26 + i / 4 * (each + 20))
      if i < 6 {
        let z = range.lowerBound + Double(i) / 5 * (range.upperBound - range.lowerBound)
        canvas.image(Self.levels(plane(z)), columns: side, x: place.x, y: place.y, scale: scale)
        canvas.text(
          String(format: "%.0f nm", z), x: place.x, y: place.y + each - 6)
      } else {
        let zs = (0..<side).map {
          range.upperBound - Double($0) / Double(side - 1) * (range.upperBound - range.lowerBound)
        }
        let section = zs.flatMap { z -> [Double] in
          let values = plane(z)
          return (0..<side).map {
            i == 6 ? values[-top * side + $0] : values[$0 * side - left]
          }
        }
        canvas.image(
          Self.levels(section), columns: side, x: place.x, y: place.y, scale: scale)
        canvas.text(i == 6 ? "x-z" : "y-z", x: place.x, y: place.y + each - 6)
      }
    }
  }

  /// Scales to 0...1 with a square root, so that tails are visible.
  private static func levels(_ values: [Double]) -> [Double] {
    let good = values.filter(\.isFinite)
    guard let low = good.min(), let high = good.max(), high > low else {
      return values.map { _ in 0 }
    }
    return values.map { $0.isFinite ? (($0 - low) / (high - low)).squareRoot() : 0 }
  }
}
