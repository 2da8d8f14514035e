import Reporting

extension FieldOfView {
  /// The range excludes values in µm and in metres.
  public static let pixelSize = Setting(
    .pixelSize, unit: "nm", standard: 100.0, allowed: .within(10...1000),
    "pixel size in the sample plane",
    remedy: """
      \(.pixelSize) is in nm: the camera's pixel divided by the magnification, such as \
      6500 nm / 60 = 108
      """)
}

/// The scalar settings of a camera.
extension Camera: SettingGroup {
  public static let offset = Setting(
    .offset, in: "camera", unit: "ADU", standard: 0.0, allowed: .within(-1e10...1e10),
    "mean pixel value without light")
  public static let gain = Setting(
    .gain, in: "camera", unit: "ADU/e⁻", standard: 1.0, allowed: .within(1e-6...1e6),
    "ADU per photoelectron, the reciprocal of e⁻/ADU in data sheets")
  public static let emGain = Setting(
    .emGain, in: "camera", title: "EM gain", standard: 1.0, allowed: .within(1...1e5),
    "gain of the EM register; above 1, an excess noise factor of 2 applies")
  public static let quantumEfficiency = Setting(
    .quantumEfficiency, in: "camera", title: "quantum efficiency", standard: 1.0,
    allowed: .within(0.001...1), "photoelectrons per photon")
  public static let readNoise = Setting(
    .readNoise, in: "camera", unit: "e⁻", standard: 0.0, allowed: .within(0...1e6),
    "read noise, rms")
  public static let saturation = Setting<Double?>(
    .saturation, in: "camera", unit: "ADU", standard: nil,
    allowed: .optional(.within(-1e10...1e10)),
    "pixel value at saturation, such as 4095; the maximum of the file's pixel type if omitted")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.offset, &offset)
    try form.field(Self.gain, &gain)
    try form.field(Self.emGain, &emGain)
    try form.field(Self.quantumEfficiency, &quantumEfficiency)
    try form.field(Self.readNoise, &readNoise)
    try form.field(Self.saturation, &saturation)
  }

  /// The reason why the values are invalid; nil if they are valid.
  public var problem: String? {
    do { try checkRanges() } catch { return error.message.description }
    if let saturation, !(saturation > offset) {
      return "saturation \(saturation) ADU must be above the offset of \(offset)"
    }
    return nil
  }
}

extension PixelRegion: SettingValue {
  public static var kind: String { "[x, y, width, height]" }

  public init?(field: FieldValue) {
    guard case .list(let list) = field, list.count == 4 else { return nil }
    let numbers = list.compactMap(Int.init(field:))
    guard numbers.count == 4 else { return nil }
    self.init(x: numbers[0], y: numbers[1], width: numbers[2], height: numbers[3])
  }

  public var field: FieldValue {
    .list([x, y, width, height].map(FieldValue.integer))
  }
}
