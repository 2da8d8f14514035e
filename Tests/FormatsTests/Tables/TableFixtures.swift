import Compute
import Formats
import Foundation
import Microscopy

/// A table with every quantity of a 3D fit, and one that only the test defines.
func sampleTable(rows: Int, seed: UInt64 = 1) -> Localizations {
  var random = SampleGenerator(seed: seed)
  var table = Localizations(
    field: FieldOfView(width: 256, height: 200, frames: rows + 10, pixelSize: 130))
  table.frame = (0..<rows).map { $0 / 3 }
  func column(_ range: ClosedRange<Double>) -> [Double] {
    (0..<rows).map { _ in Double.random(in: range, using: &random) }
  }
  table[.x] = column(0...255)
  table[.y] = column(0...199)
  table[.z] = column(-500...500)
  table[.photons] = column(50...20_000)
  table[.background] = column(0.1...100)
  table[.sigmaX] = column(0.8...2)
  table[.sigmaY] = column(0.8...2)
  table[.xError] = column(0.01...0.3)
  table[.yError] = column(0.01...0.3)
  table[.zError] = column(5...60)
  table[.photonsError] = column(5...90)
  table[.logLikelihoodRatio] = column(20...90)
  table[.iterations] = (0..<rows).map { Double($0 % 17) }
  table[.state] = (0..<rows).map { Double($0 % 5) }
  table[Quantity("circularity", .none)] = column(1e-5...1)
  table[Quantity("tilt", .degree)] = column(-180...180)
  table.provenance = [
    ProvenanceStep(
      program: "Glint", version: "0.1.0", action: "localize", device: "CPU (avx2)",
      settings: ["box": "7", "fit": "mle", "recipe": "detector: dog\nbox: 7\n"]),
    ProvenanceStep(program: "Glint", version: "0.1.0", action: "convert"),
  ]
  return table
}

/// The largest difference between two columns; infinite if one is missing.
func difference(_ a: Localizations, _ b: Localizations, _ quantity: Quantity) -> Double {
  guard let a = a[quantity], let b = b[quantity], a.count == b.count else { return .infinity }
  return zip(a, b).map { abs($0 - $1) }.max() ?? 0
}

/// The error message of `body`; empty if there is no error.
func words(of body: () throws -> some Any) -> String {
  do {
    _ = try body()
    return ""
  } catch let error as TableError {
    return "\(error)"
  } catch let error as OutputError {
    return "\(error)"
  } catch {
    return "an error of the type \(type(of: error)), which nobody expects: \(error)"
  }
}
