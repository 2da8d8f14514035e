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
    .pixel, unit: "nm", standard: 10.0, allowed: .above(0), "pixel size of the image")
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
    guard pixel.isFinite, pixel > 0 else {
      throw SettingsError(
        "\(pixel) nm is not a valid pixel size for an image", hint: "try \(.pixel) 10")
    }
    let extent = { (length: Int?, values: [Double]?) -> Double in
      length.map(Double.init) ?? ((values?.lazy.filter(\.isFinite).max() ?? 0) + 1)
    }
    let width = (extent(table.field.width, table[.x]) * camera / pixel).rounded(.up)
    let height = (extent(table.field.height, table[.y]) * camera / pixel).rounded(.up)
    guard width >= 1, height >= 1, width * height <= 0x1p29 else {
      throw SettingsError(
        "an image of \(width)×\(height) pixels is too large", hint: "use a larger \(.pixel)")
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
      try executable.write("weight", [Float](repeating: 1, count: part.count))
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
  private func sigmas(_ table: Localizations, _ part: Range<Int>, _ scale: Double) -> [Float] {
    let least = minimumSigma / pixel
    guard let ex = table[.xError] else {
      return [Float](repeating: Float(least), count: part.count)
    }
    let ey = table[.yError] ?? ex
    return part.map { Float(max((ex[$0] + ey[$0]) / 2 * scale, least)) }
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
