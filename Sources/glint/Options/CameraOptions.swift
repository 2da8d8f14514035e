import ArgumentParser
import Formats
import Microscopy

/// The camera, as scalars or as a file of maps.
struct CameraOptions: ParsableArguments {
  @Option(
    name: .customLong("camera"),
    help: ArgumentHelp(
      "Camera file: scalars (.yaml, .json) or per-pixel maps (Picasso .hdf5, .npy, 3-page TIFF).",
      valueName: "file"))
  var file: String?

  @Option(
    name: .customLong("camera-roi"), parsing: .unconditional,
    help: ArgumentHelp(
      "The movie's part of the sensor, for maps of a larger one; else as the movie says, px.",
      valueName: "X,Y,W,H"))
  var sensorRegion: Region?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Digital number of a dark pixel.", valueName: "ADU")
  )
  var offset: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "ADU per photoelectron: 1 divided by the e⁻/ADU of a data sheet.", valueName: "ADU/e⁻"))
  var gain: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Gain of the EM register; 1 for none.", valueName: "factor"))
  var emGain: Double?

  @Option(
    name: .customLong("qe"), parsing: .unconditional,
    help: ArgumentHelp("Quantum efficiency, photoelectrons per photon.", valueName: "0…1"))
  var quantumEfficiency: Double?

  @Option(
    parsing: .unconditional, help: ArgumentHelp("Read noise, electrons rms.", valueName: "e⁻"))
  var readNoise: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Digital number of a full pixel, such as 4095; the file's largest by default.",
      valueName: "ADU"))
  var saturation: Double?

  /// What was given over `defaults`, the maps cut to the movie's part of the sensor, and the file of maps.
  func read(over defaults: Camera = Camera()) throws -> (
    camera: Camera, maps: CameraMaps?, file: String
  ) {
    var camera = defaults
    var maps: CameraMaps?
    var file = ""
    try apply(to: &camera, maps: &maps, file: &file)
    if let whole = maps, let part = sensorRegion?.region {
      maps = whole.cropped(to: part)
      guard maps != nil else {
        throw ValidationError("--camera-roi is not inside the maps of \(file)")
      }
    }
    return (camera, maps, file)
  }

  /// Replaces in `camera` what was given, and reads maps where there are some.
  func apply(to camera: inout Camera, maps: inout CameraMaps?, file path: inout String) throws {
    if let file { path = file }
    let given = path
    if !path.isEmpty {
      let (fromFile, fileMaps) = try CameraFiles.read(path)
      if file != nil || fileMaps == nil { camera = fromFile }
      maps = fileMaps
      // A recipe holds scalars itself, and names a file only for maps.
      if fileMaps == nil { path = "" }
    }
    if let offset { camera.offset = offset }
    if let gain { camera.gain = gain }
    if let emGain { camera.emGain = emGain }
    if let quantumEfficiency { camera.quantumEfficiency = quantumEfficiency }
    if let readNoise { camera.readNoise = readNoise }
    if let saturation { camera.saturation = saturation }
    if maps != nil, offset != nil || gain != nil || readNoise != nil {
      throw ValidationError(
        "--offset, --gain and --read-noise contradict the maps of --camera \(given)")
    }
    if let problem = camera.problem { throw ValidationError("the camera cannot be: \(problem)") }
  }
}
