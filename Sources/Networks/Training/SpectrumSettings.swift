import Reporting

/// How the light of a molecule is spread along x by its wavelength, and which dyes there are.
package struct SpectrumSettings: Codable, Hashable, Sendable {
  /// Wavelength at the centre of the first pixel, nm.
  package var start = 600.0
  /// nm per px.
  package var dispersion = 1.0
  /// Emission spectra. By default those of three dyes for the far red, roughly: the main band, and
  /// the weaker one at longer wavelengths.
  package var dyes = [
    Dye("AF647", peak: 668), Dye("CF660C", peak: 686), Dye("CF680", peak: 699),
  ]
  /// By how much a molecule's spectrum is shifted, nm; the standard deviation.
  package var heterogeneity = 3.0
  /// How far a molecule is from the centre of its image, px along x and y; the standard deviation.
  package var placeError = 0.5

  /// A dye's name and its emission, a sum of Gaussians.
  package struct Dye: Codable, Hashable, Sendable {
    package var name: String
    package var bands: [Band]

    package init(_ name: String, peak: Double) {
      self.name = name
      bands = [
        Band(peak: peak, width: 16, light: 1), Band(peak: peak + 50, width: 22, light: 0.35),
      ]
    }
  }

  package struct Band: Codable, Hashable, Sendable {
    /// Wavelength of its maximum, nm.
    package var peak: Double
    /// Standard deviation, nm.
    package var width: Double
    /// Its light relative to that of the other bands.
    package var light: Double
  }

  package init() {}

  /// Throws `SettingsError` for the first value that makes no sense.
  func check() throws(SettingsError) {
    func demand(_ holds: Bool, _ what: String, _ allowed: String) throws(SettingsError) {
      if !holds {
        throw SettingsError("the recipe's `examples.spectra.\(what)` must be \(allowed)", hint: nil)
      }
    }
    try demand(start > 0 && start <= 1e5, "start", "above 0 and at most 100000 nm")
    try demand(1e-3...1e3 ~= abs(dispersion), "dispersion", "between 0.001 and 1000 nm per px")
    for (name, value) in [("heterogeneity", heterogeneity), ("placeError", placeError)] {
      try demand(0...1e4 ~= value, name, "between 0 and 10000")
    }
    for band in dyes.flatMap(\.bands) {
      try demand(
        band.peak > 0 && band.peak <= 1e5 && band.width > 0 && band.width <= 1e4
          && band.light > 0 && band.light <= 1e6, "dyes",
        "of bands with peak, width and light above 0")
    }
    try demand(
      dyes.allSatisfy { 1...100 ~= $0.bands.count }, "dyes", "of 1 to 100 bands each")
  }
}
