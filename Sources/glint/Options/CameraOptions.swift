import ArgumentParser
import Formats
import Microscopy
import Reporting
import Workflow

/// Options that describe the camera, as scalars or as a file of per-pixel maps.
struct CameraOptions: ParsableArguments {
  @Option(Recipe.cameraFile, "file") var file: String?
  @Option(Recipe.cameraRegion, "X,Y,W,H") var sensorRegion: PixelRegion?
  @Option(Camera.offset) var offset: Double?
  @Option(Camera.gain) var gain: Double?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Electrons per ADU, as data sheets state it; 1 divided by the gain.", valueName: "e⁻/ADU"))
  var sensitivity: Double?
  @Option(Camera.emGain, "factor") var emGain: Double?
  @Option(Camera.quantumEfficiency, "0…1") var quantumEfficiency: Double?
  @Option(Camera.readNoise) var readNoise: Double?
  @Option(Camera.saturation) var saturation: Double?

  func validate() throws {
    guard let sensitivity else { return }
    guard gain == nil else {
      throw ValidationError("--gain and --sensitivity state the same; give one of them")
    }
    guard sensitivity > 0, sensitivity.isFinite, (1 / sensitivity).isFinite else {
      throw ValidationError("--sensitivity \(sensitivity) e⁻/ADU must be greater than 0")
    }
  }

  func say(in said: inout Statement) {
    said.say(Recipe.cameraFile, file)
    said.say(Recipe.cameraRegion, sensorRegion)
    said.say(Camera.offset, offset)
    said.say(Camera.gain, gain ?? sensitivity.map { 1 / $0 })
    said.say(Camera.emGain, emGain)
    said.say(Camera.quantumEfficiency, quantumEfficiency)
    said.say(Camera.readNoise, readNoise)
    said.say(Camera.saturation, saturation)
  }

  /// The camera from the options, the maps cropped to the movie's region of the sensor, and the
  /// path of the maps.
  ///
  /// - Parameter defaults: values for options that are not given, without a camera file.
  func read(over defaults: Camera = Camera()) throws -> (
    camera: Camera, maps: CameraMaps?, file: String?
  ) {
    var said = Statement(.option)
    say(in: &said)
    let (own, whole) = try file.map { try CameraFiles.read($0) } ?? (defaults, nil)
    var camera = own
    var form = SettingsForm([said])
    try camera.exchange(&form)
    try camera.check(said, whole)
    var maps = whole
    if let whole, let part = sensorRegion {
      maps = whole.cropped(to: part)
      guard maps != nil else {
        throw ValidationError("--camera-roi is outside the camera maps of \(file ?? "")")
      }
    }
    return (camera, maps, maps == nil ? nil : file)
  }
}
