/// Converts a pixel's digital number to light, as every kernel does (`ELECTRONS` in
/// `Kernels/shared`): (D − offset) · perADU.
public struct PixelScale<Number: FloatingPoint & Sendable>: Hashable, Sendable {
  /// Mean pixel value without light, ADU.
  public var offset: Number
  /// Electrons or photons per ADU; the caller chooses the unit.
  public var perADU: Number

  @inlinable
  public init(offset: Number, perADU: Number) {
    self.offset = offset
    self.perADU = perADU
  }

  /// The light of a digital number. Negative values, which read noise causes, are kept.
  @inlinable
  public func callAsFunction(_ adu: Number) -> Number { (adu - offset) * perADU }
}
