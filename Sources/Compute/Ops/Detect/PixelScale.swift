/// From a pixel's digital number to light, as every kernel computes it (`ELECTRONS` in `Kernels/shared`):
/// (D − offset) · perADU.
public struct PixelScale<Number: FloatingPoint & Sendable>: Hashable, Sendable {
  /// Mean pixel value without light, ADU.
  public var offset: Number
  /// Electrons or photons per ADU: what the caller wants to have.
  public var perADU: Number

  @inlinable
  public init(offset: Number, perADU: Number) {
    self.offset = offset
    self.perADU = perADU
  }

  /// The light of a digital number. Less than none stays: read noise makes it.
  @inlinable
  public func callAsFunction(_ adu: Number) -> Number { (adu - offset) * perADU }
}
