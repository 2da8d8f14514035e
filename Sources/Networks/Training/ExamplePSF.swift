import Compute
import Microscopy
import Optics

extension ExampleSettings {
  /// How the image of an emitter looks. In a recipe:
  /// ```yaml
  /// psf: {gaussian: {sigma: {from: 1, to: 1.4}}}
  /// psf: {file: psf.hdf5}
  /// ```
  package enum PSF: Hashable, Sendable {
    /// A round Gaussian, px.
    case gaussian(sigma: DrawnRange)
    /// A Gaussian whose widths depend on z.
    case astigmatic(AstigmaticPSF)
    /// A calibration with a spline. The PSF of a pupil is one too: `glint simulate` writes it.
    case file(ExampleFile<SplinePSF>)

    /// The calibration that a file holds. That of an astigmatic Gaussian, which is a few numbers,
    /// takes the place of the file.
    package init(_ psf: CalibratedPSF, path: String, checksum: UInt32) {
      switch psf {
      case .astigmatic(let psf): self = .astigmatic(psf)
      case .spline(let psf):
        self = .file(ExampleFile(path, checksum: checksum, content: psf))
      }
    }

    /// nil if the image does not depend on z, or if the file was not read.
    package var calibrated: CalibratedPSF? {
      switch self {
      case .gaussian: nil
      case .astigmatic(let psf): .astigmatic(psf)
      case .file(let file): file.content.map { .spline($0) }
      }
    }

    /// The largest width, px; of a spline that of `ExampleSpline`.
    var widest: Double? {
      switch self {
      case .gaussian(let sigma): return sigma.to
      case .astigmatic(let psf):
        let (low, high) = (psf.zRange.lowerBound, psf.zRange.upperBound)
        return (0...50).map { low + Double($0) / 50 * (high - low) }
          .map { max(psf.x.width(at: $0), psf.y.width(at: $0)) }.max()
      case .file(let file): return file.content.flatMap { ExampleSpline($0).widths.max() }
      }
    }
  }
}

extension ExampleSettings.PSF: Codable {
  private enum Kind: String, CodingKey, CaseIterable { case gaussian, astigmatic, file }
  private enum Sigma: String, CodingKey { case sigma }
  private enum Unnamed: String, CodingKey { case _0 }

  package init(from decoder: any Decoder) throws {
    let kinds = try decoder.container(keyedBy: Kind.self)
    guard kinds.allKeys.count == 1 else {
      let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a PSF is one of \(known)"))
    }
    switch kinds.allKeys[0] {
    case .gaussian:
      let fields = try kinds.nestedContainer(keyedBy: Sigma.self, forKey: .gaussian)
      self = .gaussian(sigma: try fields.decode(DrawnRange.self, forKey: .sigma))
    case .astigmatic:
      let fields = try kinds.nestedContainer(keyedBy: Unnamed.self, forKey: .astigmatic)
      self = .astigmatic(try fields.decode(AstigmaticPSF.self, forKey: ._0))
    case .file: self = .file(try kinds.decode(ExampleFile<SplinePSF>.self, forKey: .file))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var kinds = encoder.container(keyedBy: Kind.self)
    switch self {
    case .gaussian(let sigma):
      var fields = kinds.nestedContainer(keyedBy: Sigma.self, forKey: .gaussian)
      try fields.encode(sigma, forKey: .sigma)
    case .astigmatic(let psf):
      var fields = kinds.nestedContainer(keyedBy: Unnamed.self, forKey: .astigmatic)
      try fields.encode(psf, forKey: ._0)
    case .file(let file): try kinds.encode(file, forKey: .file)
    }
  }
}

/// A spline PSF as examples use it.
struct ExampleSpline {
  private let psf: SplinePSF
  /// σ at even steps through the range of z, px: that of a round Gaussian under which the pixels have
  /// as much noise, 4πσ² = 1 / Σp², with p the shares of light on pixels.
  let widths: [Double]

  init(_ psf: SplinePSF) {
    self.psf = psf
    let (low, high) = (psf.zRange.lowerBound, psf.zRange.upperBound)
    let steps = 32
    let (left, top) = (Int(psf.centreX), Int(psf.centreY))
    widths = (0...steps).map { step in
      let shares = psf.shares(
        columns: -left..<psf.columns - left, rows: -top..<psf.rows - top, x: 0, y: 0,
        z: low + Double(step) / Double(steps) * (high - low))
      let squares = shares.reduce(0) { $0 + max($1.value, 0) * max($1.value, 0) }
      return 1 / (4 * Double.pi * squares).squareRoot()
    }
  }

  /// The widths along x and y, px, [movies, emitters, 2], from z [movies, emitters, 1], nm.
  func widths(at z: Graph.Value, in graph: inout Graph) throws -> Graph.Value {
    let step = (psf.zRange.upperBound - psf.zRange.lowerBound) / Double(widths.count - 1)
    func numbers(_ values: [Double]) -> Graph.Value {
      graph.constant(Tensor(values.map { Float($0) }, shape: [1, 1, values.count]))
    }
    // Linear between the steps: each counts by 1 − its distance.
    let place = try graph.apply(
      Elementwise(
        .affine(scale: Float(1 / step), shift: Float(-psf.zRange.lowerBound / step))), z)
    let distance = try graph.apply(
      Binary(.subtract), place, numbers(widths.indices.map { Double($0) }))
    let share = try graph.apply(
      Elementwise(.abs, .affine(scale: -1, shift: 1), .atLeast(0)), distance)
    let width = try graph.apply(
      Reduce(.sum, axes: [2]), graph.apply(Binary(.multiply), share, numbers(widths)))
    return try graph.apply(Concat(), width, width)
  }

  /// Photons per pixel, [frames, height, width, 1].
  ///
  /// - Parameters:
  ///   - light: photons, [movies, emitters, frames of a movie].
  ///   - place: x and y, px, [movies, emitters, 2].
  ///   - z: nm, [movies, emitters, 1].
  func image(
    _ light: Graph.Value, _ place: Graph.Value, _ z: Graph.Value, height: Int, width: Int,
    in graph: inout Graph
  ) throws -> Graph.Value {
    let spline = SplineModel(psf, box: 3)
    return try graph.apply(
      DrawSplines(height: height, width: width, spline: spline),
      to: [
        light, graph.apply(Concat(), place, z), graph.constant(spline.grid(psf.coefficients)),
      ])[0]
  }
}
