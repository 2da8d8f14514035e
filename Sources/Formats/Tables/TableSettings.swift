import Reporting

/// The settings of reading a table.
extension TableOptions: SettingGroup {
  public static let pixelSize = Setting<Double?>(
    .pixelSize, unit: "nm", standard: nil, allowed: .optional(.above(0, upTo: 1e6)),
    "camera pixel, where a table does not say it")
  public static let photonsPerCount = Setting<Double?>(
    .photonsPerCount, unit: "photons", standard: nil, allowed: .optional(.above(0)),
    "photons per count, for columns in ADU")
  public static let firstFrame = Setting<Int?>(
    .firstFrame, title: "the first frame's number", standard: nil,
    allowed: .optional(.within(-1_000_000...1_000_000)),
    "number of the first frame, where a text table departs from its kind's rule")

  public mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.pixelSize, &pixelSize)
    try form.field(Self.photonsPerCount, &photonsPerCount)
    try form.field(Self.firstFrame, &firstFrame)
  }
}
