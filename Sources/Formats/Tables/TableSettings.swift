import Microscopy
import Reporting

/// Settings for reading a table.
extension TableOptions: SettingGroup {
  public static let pixelSize = Setting<Double?>(
    .pixelSize, unit: "nm", standard: nil,
    allowed: .optional(FieldOfView.pixelSize.allowed),
    "pixel size in the sample plane, if the table does not state it",
    remedy: FieldOfView.pixelSize.facts.remedy)
  public static let photonsPerCount = Setting<Double?>(
    .photonsPerCount, unit: "photons", standard: nil, allowed: .optional(.above(0)),
    "photons per camera count, to convert columns in ADU")
  public static let firstFrame = Setting<Int?>(
    .firstFrame, title: "the first frame's number", standard: nil,
    allowed: .optional(.within(-1_000_000...1_000_000)),
    "number of the first frame in a text table, if it differs from the format's default")

  package mutating func exchange(_ form: inout SettingsForm) throws(SettingsError) {
    try form.field(Self.pixelSize, &pixelSize)
    try form.field(Self.photonsPerCount, &photonsPerCount)
    try form.field(Self.firstFrame, &firstFrame)
  }
}
