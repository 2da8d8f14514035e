import Compute
import Localization
import Microscopy
import Reporting
import Testing

/// What rows far away and rows without a sensible error do to a picture.
@Suite struct RendererTests {
  private func table(_ x: [Double], _ y: [Double], error: [Double]? = nil) -> Localizations {
    var table = Localizations(field: FieldOfView(pixelSize: 100))
    table.frame = Array(repeating: 0, count: x.count)
    table[.x] = x
    table[.y] = y
    table[.xError] = error
    return table
  }

  /// Two rows, one of them far away, do not decide that a picture takes gigabytes.
  @Test func aFewRowsDoNotFillTheMemory() throws {
    let renderer = Renderer(pixel: 10)
    #expect(try renderer.size(of: table([3, 5], [3, 5])) == (60, 60))
    let error = #expect(throws: SettingsError.self) {
      try renderer.size(of: table([3, 2300], [3, 2300]))
    }
    #expect(error?.message.text().contains("23010×23010 pixels is too large") == true)
    #expect(error?.message.text().contains("rows reach x = 2300.0, y = 2300.0 px") == true)
    #expect(error?.remedy?.text() == "use a larger pixel, or remove rows far outside the others")
    for far in [1e12, 1e300] {
      #expect(throws: SettingsError.self) { try renderer.size(of: table([3, far], [3, 3])) }
    }
    // A large field is drawn if the movie has it, or if there are rows enough.
    var known = table([3, 5], [3, 5])
    (known.field.width, known.field.height) = (2048, 2048)
    #expect(try renderer.size(of: known) == (20480, 20480))
    let many = (0..<100_000).map { Double($0 % 2048) }
    #expect(try renderer.size(of: table(many, many)) == (20480, 20480))
  }

  @Test func rowsWithoutASensibleErrorAreNotDrawn() throws {
    let rows = table(
      [5, 6, 7, 8, 9], [5, 6, 7, 8, 9], error: [0.1, .nan, .infinity, 1e300, -1])
    let renderer = Renderer(pixel: 50)
    let image = try renderer.render(rows, on: CPUDevice(threads: 1))
    #expect(!image.contains { !$0.isFinite })
    // Drawn are the first and the last, which has the least width; the image cuts off a little.
    #expect(abs(image.reduce(0, +) - 2) < 0.1)
    #expect(renderer.remark(on: rows)?.hasPrefix("3 rows not drawn") == true)
    #expect(renderer.remark(on: table([5], [5], error: [0.1])) == nil)
    #expect(Renderer(pixel: 50, style: .histogram).remark(on: rows) == nil)
  }
}
