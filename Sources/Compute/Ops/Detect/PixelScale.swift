/// Converts a pixel's digital number to light, as every kernel does (`ELECTRONS` in
/// `Kernels/shared`): (D − offset) · perADU.
package struct PixelScale<Number: FloatingPoint & Sendable>: Hashable, Sendable {
  /// Mean pixel value without light, ADU.
  package var offset: Number
  /// Electrons or photons per ADU; the caller chooses the unit.
  package var perADU: Number

  @inlinable
  package init(offset: Number, perADU: Number) {
    self.offset = offset
    self.perADU = perADU
  }

  /// The light of a digital number. Negative values, which read noise causes, are kept.
  @inlinable
  package func callAsFunction(_ adu: Number) -> Number { (adu - offset) * perADU }
}
