import Localization
import Microscopy
import Optics
import Testing

/// What `Score` remarks about errors that are a matter of convention.
@Suite struct RemarkTests {
  /// Molecules of one frame 500 nm apart, found with a small error.
  private func tables(z: (Double) -> Double, shift: Double) throws -> Score {
    var (truth, found) = (Localizations(), Localizations())
    truth.field.pixelSize = 100
    truth.frame = Array(repeating: 0, count: 42)
    found.frame = truth.frame
    let x = (0..<42).map { 5 * Double($0) }
    truth[.x] = x
    truth[.y] = x
    truth[.z] = (0..<42).map { Double($0 % 21) * 20 - 200 }
    let error = (0..<42).map { Double($0 % 7 - 3) * 0.05 }
    found[.x] = zip(x, error).map { $0 + $1 + shift }
    found[.y] = zip(x, error).map { $0 - $1 }
    found[.z] = zip(truth[.z] ?? [], error).map { z($0) + 100 * $1 }
    return try Score(of: found, against: truth, settings: ScoreSettings(border: 0))
  }

  @Test func nothingToRemark() throws {
    #expect(try tables(z: { $0 }, shift: 0).remarks == [])
  }

  @Test func mirroredHeights() throws {
    let remarks = try tables(z: { -$0 }, shift: 0).remarks.map(\.description)
    #expect(remarks.count == 1 && remarks[0].contains("z is mirrored"), "\(remarks)")
    let words = try #require(remarks.first?.firstMatch(of: /slope (-[0-9.]+)/))
    let slope = try #require(Double(words.1))
    #expect(abs(slope + 1) < 0.05, "\(remarks)")
  }

  @Test func constantOffsets() throws {
    let lateral = try tables(z: { $0 }, shift: 0.5).remarks.map(\.description)
    #expect(
      lateral.count == 1 && lateral[0].hasPrefix("x has a constant offset of +50.0 nm"),
      "\(lateral)")
    let axial = try tables(z: { $0 + 80 }, shift: 0).remarks.map(\.description)
    #expect(axial.count == 1 && axial[0].hasPrefix("z has a constant offset of +80."), "\(axial)")
  }

  /// A molecule outside of any frame has no bound, and does not stop the comparison.
  @Test(arguments: [1e22, -1e22, 1e300]) func farAway(place: Double) throws {
    var truth = Localizations()
    truth.field.pixelSize = 100
    truth.frame = [0]
    (truth[.x], truth[.y], truth[.photons], truth[.background]) = ([place], [5], [900], [2])
    let score = try Score(
      of: truth, against: truth, settings: ScoreSettings(border: 0),
      bound: TruthBound(psf: nil, box: 7, camera: Camera()))
    #expect(score.truePositives == 1 && score.xErrorOverBound == nil)
  }
}
