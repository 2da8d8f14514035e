import Foundation
import Microscopy

extension PSFCalibrator {
  /// Remarks on a calibration for its user.
  func remarks(_ result: PSFCalibration) -> [String] {
    var notes: [String] = []
    if result.used == 1 {
      notes.append(
        "one bead: its noise and defects are part of the PSF and cannot be detected; "
          + "record five or more")
    } else if result.used < 4 {
      notes.append("\(result.used) beads: five or more would reduce noise and reveal outliers")
    }
    let wide = result.light.filter { result.spline.zRange.contains($0.z) && $0.edge > 0.35 }
    if let first = wide.map(\.z).min(), let last = wide.map(\.z).max() {
      notes.append(
        "from z = \(Int(first)) to \(Int(last)) nm the PSF extends beyond the box of "
          + "\(settings.roi) px; use a larger box to keep its tails")
    }
    if result.check.rms > 20 {
      notes.append(
        "z of the beads is recovered with \(Int(result.check.rms.rounded())) nm rms error, "
          + "more than expected for beads: check for moving beads or a wrong z step")
    }
    if let halves = result.halvesCorrelation, halves < 0.98 {
      notes.append(
        String(format: "the correlation between two halves of the beads is only %.3f: ", halves)
          + "more or brighter beads would give a smoother PSF")
    }
    return notes
  }
}
