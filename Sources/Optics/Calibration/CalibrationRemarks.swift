import Foundation
import Microscopy

extension PSFCalibrator {
  /// Remarks on a calibration for its user.
  func remarks(_ result: PSFCalibration) -> [String] {
    var notes: [String] = []
    if result.used == 1 {
      notes.append(
        "one bead: its own noise and faults are in the PSF and nothing can show them; "
          + "record five or more")
    } else if result.used < 4 {
      notes.append("\(result.used) beads: five or more would average noise and show outliers")
    }
    let wide = result.edge.filter { result.spline.zRange.contains($0.z) && $0.part > 0.35 }
    if let first = wide.map(\.z).min(), let last = wide.map(\.z).max() {
      notes.append(
        "from z = \(Int(first)) to \(Int(last)) nm the PSF reaches over the edge of the box of "
          + "\(settings.roi) px; a larger box keeps its tails")
    }
    if result.check.rms > 20 {
      notes.append(
        "heights of the beads come back with \(Int(result.check.rms.rounded())) nm rms, more than "
          + "beads should have: look for moving beads or a wrong z step")
    }
    if let halves = result.halvesCorrelation, halves < 0.98 {
      notes.append(
        String(format: "two halves of the beads correlate with %.3f only: ", halves)
          + "more or brighter beads would make a smoother PSF")
    }
    return notes
  }
}
