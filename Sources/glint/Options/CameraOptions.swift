import ArgumentParser
import Formats
import Microscopy
import Reporting
import Workflow

/// The camera, as scalars or as a file of maps.
struct CameraOptions: ParsableArguments {
  @Option(Recipe.cameraFile, "file") var file: String?
  @Option(Recipe.cameraRegion, "X,Y,W,H") var sensorRegion: PixelRegion?
  @Option(Camera.offset) var offset: Double?
  @Option(Camera.gain) var gain: Double?
  @Option(Camera.emGain, "factor") var emGain: Double?
  @Option(Camera.quantumEfficiency, "0…1") var quantumEfficiency: Double?
  @Option(Camera.readNoise) var readNoise: Double?
  @Option(Camera.saturation) var saturation: Double?

  func say(in said: inout Statement) {
    said.say(Recipe.cameraFile, file)
    said.say(Recipe.cameraRegion, sensorRegion)
    said.say(Camera.offset, offset)
    said.say(Camera.gain, gain)
    said.say(Camera.emGain, emGain)
    said.say(Camera.quantumEfficiency, quantumEfficiency)
    said.say(Camera.readNoise, readNoise)
    said.say(Camera.saturation, saturation)
  }

  /// What was given over `defaults`, the maps cut to the movie's part of the sensor, and the file of maps.
  ///
  /// - Parameter defaults: where there is no camera file.
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
        throw ValidationError("--camera-roi is not inside the maps of \(file ?? "")")
      }
    }
    return (camera, maps, maps == nil ? nil : file)
  }
}
