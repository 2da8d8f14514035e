import Compute
import Microscopy
import Reporting

/// Renders a table as an image, with the same values on any device.
///
/// Rows are sent to the device in blocks; the images of the blocks are added.
public struct Renderer {
  public enum Style: String, SettingChoice {
    /// A histogram of rows per pixel.
    case histogram
    /// Each row is a Gaussian as wide as its standard error, integrated over pixels.
    case gaussian
  }

  /// Pixel size of the image, nm.
  public let pixel: Double
  public let style: Style
  /// Minimum width of a Gaussian, nm, because drift limits the accuracy of rows.
  public let minimumSigma: Double

  public static let pixel = Setting(
    .pixel, unit: "nm", standard: 10.0, allowed: .within(0.01...1e6), "pixel size of the image")
  public static let style = Setting(
    .style, standard: Style.gaussian,
    "Gaussians as wide as the standard error, or a histogram of counts")

  public init(
    pixel: Double = Renderer.pixel.standard, style: Style = Renderer.style.standard,
    minimumSigma: Double = 3
  ) {
    self.pixel = pixel
    self.style = style
    self.minimumSigma = minimumSigma
  }

  /// Pixels of the largest image.
  private static let mostPixels = 1 << 29

  /// The same if only the rows say how large the image is: the more rows, the larger it may be, so
  /// that a few rows far outside do not fill the memory.
  private static func mostPixels(rows: Int) -> Int {
    min(mostPixels, 1 << 26 + min(rows, 1 << 20) * 4096)
  }

  /// Rows per block.
  private static let block = 1 << 18

  /// Width and height of the image of a table.
  ///
  /// Throws `SettingsError` if the field or the pixel size is unknown, or the image would be too
  /// large.
  public func size(of table: Localizations) throws(SettingsError) -> (width: Int, height: Int) {
    guard let camera = table.field.pixelSize, camera > 0 else {
      throw SettingsError(
        "the table does not state its pixel size",
        hint: "give it with \(.pixelSize), in nm")
    }
    try Self.pixel.check(pixel)
    /// The length of an axis in camera pixels: the movie's, or up to the outermost row.
    func extent(_ length: Int?, _ values: [Double]?) -> Double {
      length.map(Double.init) ?? ((values?.lazy.filter(\.isFinite).max() ?? 0) + 1)
    }
    let known = table.field.width != nil && table.field.height != nil
    let (across, down) = (
      extent(table.field.width, table[.x]), extent(table.field.height, table[.y])
    )
    let width = (across * camera / pixel).rounded(.up)
    let height = (down * camera / pixel).rounded(.up)
    let most = known ? Self.mostPixels : Self.mostPixels(rows: table.count)
    guard width >= 1, height >= 1, width * height <= Double(most) else {
      let reason: Message =
        known
        ? ""
        : "; the outermost of its \(table.count) rows reach x = \(across - 1), y = \(down - 1) px"
      throw SettingsError(
        """
        an image of \(width.field.words)×\(height.field.words) pixels is too large: it may have \
        \(most >> 20) million, which take about \(12 * (most >> 20)) MiB\(reason)
        """,
        hint: known
          ? "use a larger \(.pixel)"
          : "use a larger \(.pixel), or remove rows far outside the others")
    }
    return (Int(width), Int(height))
  }

  /// The image in row-major order from the top; its sum is the number of rows inside it.
  public func render(_ table: Localizations, on device: any Device) throws -> [Float] {
    let (width, height) = try size(of: table)
    let scale = table.field.pixelSize! / pixel
    guard let x = table[.x], let y = table[.y] else {
      throw SettingsError("the table has no positions", hint: "columns x and y are required")
    }
    var image = [Float](repeating: 0, count: width * height)
    let rows = min(table.count, Self.block)
    guard rows > 0 else { return image }
    let executable = try executable(rows, width, height, device)
    // Camera pixel centres are at whole numbers; the corner of a pixel is half a pixel before.
    let place = { (value: Double) in Float((value + 0.5) * scale - 0.5) }
    for start in stride(from: 0, to: table.count, by: rows) {
      let part = start..<min(start + rows, table.count)
      try executable.write("x", x[part].map(place))
      try executable.write("y", y[part].map(place))
      try executable.write("weight", part.map { isDrawn($0, of: table, scale) ? 1 : 0 } as [Float])
      try executable.write("number", [Int32(part.count)])
      if style == .gaussian { try executable.write("sigma", sigmas(table, part, scale)) }
      try executable.run()
      let drawn = try executable.read("image")
      drawn.bytes.withUnsafeBytes { bytes in
        for (index, value) in bytes.bindMemory(to: Float.self).enumerated() {
          image[index] += value
        }
      }
    }
    return image
  }

  /// The mean standard error of both axes in image pixels; the minimum width if the table has none.
  /// A row whose error is no number or larger than the image is not drawn (`isDrawn`).
  private func sigmas(_ table: Localizations, _ part: Range<Int>, _ scale: Double) -> [Float] {
    let least = minimumSigma / pixel
    guard let ex = table[.xError] else {
      return [Float](repeating: Float(least), count: part.count)
    }
    let ey = table[.yError] ?? ex
    return part.map { row in
      let sigma = (ex[row] + ey[row]) / 2 * scale
      return sigma <= Self.widest ? Float(max(sigma, least)) : Float(least)
    }
  }

  /// The largest σ, image pixels. Wider rows add nothing that can be seen.
  private static let widest = 0x1p15

  /// Whether a row is drawn: as a Gaussian, only if its error is a number and no wider than an image.
  private func isDrawn(_ row: Int, of table: Localizations, _ scale: Double) -> Bool {
    guard style == .gaussian, let ex = table[.xError] else { return true }
    return (ex[row] + (table[.yError] ?? ex)[row]) / 2 * scale <= Self.widest
  }

  /// What is left out of the image of a table, for the user; nil if nothing is.
  public func remark(on table: Localizations) -> String? {
    let scale = (table.field.pixelSize ?? pixel) / pixel
    let count = (0..<table.count).count { !isDrawn($0, of: table, scale) }
    guard count > 0 else { return nil }
    return "\(count) row\(count == 1 ? "" : "s") not drawn: the error of x and y is no number, or "
      + "larger than the image"
  }

  private func executable(
    _ rows: Int, _ width: Int, _ height: Int, _ device: any Device
  ) throws -> any Executable {
    var graph = Graph()
    let list = TensorType(.float32, rows)
    let x = graph.input("x", list)
    let y = graph.input("y", list)
    let weight = graph.input("weight", list)
    let image: Graph.Value
    switch style {
    case .histogram:
      let number = graph.input("number", TensorType(.int32, 1))
      image = try graph.apply(
        RenderHistogram(height: height, width: width), x, y, weight, number)
    case .gaussian:
      let sigma = graph.input("sigma", list)
      let number = graph.input("number", TensorType(.int32, 1))
      image = try graph.apply(
        RenderGaussian(height: height, width: width), x, y, weight, sigma, number)
    }
    graph.output("image", image)
    return try device.compile(Plan(graph, for: device.info))
  }
}
