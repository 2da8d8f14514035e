/// The names of settings, so that messages in any module can refer to one: `"use a larger
/// \(.box)"`.
///
/// The declaration of a setting states its meaning, range and default; see `Setting`.
extension SettingName {
  // Camera
  package static let camera = SettingName("camera")
  package static let cameraRegion = SettingName("camera-roi")
  package static let offset = SettingName("offset")
  package static let gain = SettingName("gain")
  package static let sensitivity = SettingName("sensitivity")
  package static let acceptCamera = SettingName("accept-camera")
  package static let emGain = SettingName("em-gain")
  package static let quantumEfficiency = SettingName("qe")
  package static let readNoise = SettingName("read-noise")
  package static let saturation = SettingName("saturation")
  package static let pixelSize = SettingName("pixel-size")

  // Planes of a movie
  package static let channel = SettingName("channel")
  package static let slice = SettingName("slice")
  package static let position = SettingName("position")
  package static let series = SettingName("series")

  // Finding and fitting spots
  package static let detector = SettingName("detector")
  package static let threshold = SettingName("threshold")
  package static let background = SettingName("background")
  package static let medianWindow = SettingName("median-window")
  package static let radius = SettingName("radius")
  package static let box = SettingName("box")
  package static let estimator = SettingName("fit")
  package static let widths = SettingName("sigma")
  package static let psfSigma = SettingName("psf-sigma")
  package static let pixelModel = SettingName("model")
  package static let maxIterations = SettingName("max-iterations")
  package static let tolerance = SettingName("tolerance")
  package static let psf = SettingName("psf")
  package static let axial = SettingName("axial")
  package static let indexFactor = SettingName("refractive-index-factor")
  package static let emitters = SettingName("emitters")
  package static let brightness = SettingName("brightness")
  package static let falsePositives = SettingName("false-positives")
  package static let measured = SettingName("measured")

  // Networks
  package static let network = SettingName("network")
  package static let weights = SettingName("weights")
  package static let networkSettings = SettingName("network-settings")
  package static let memory = SettingName("memory")

  // Runs
  package static let frames = SettingName("frames")
  package static let roi = SettingName("roi")
  package static let batch = SettingName("batch")
  package static let device = SettingName("device")
  package static let recipe = SettingName("recipe")
  package static let printRecipe = SettingName("print-recipe")
  package static let sum = SettingName("sum")
  package static let table = SettingName("table")

  // Tables and pictures
  package static let firstFrame = SettingName("first-frame")
  package static let unit = SettingName("unit")
  package static let map = SettingName("map")
  package static let columns = SettingName("columns")
  package static let photonsPerCount = SettingName("photons-per-count")
  package static let pixel = SettingName("pixel")
  package static let style = SettingName("style")

  // Simulations
  package static let size = SettingName("size")
  package static let scene = SettingName("scene")
  package static let perFrame = SettingName("per-frame")
  package static let onTime = SettingName("on-time")
  package static let photons = SettingName("photons")
  package static let photonSpread = SettingName("photon-spread")
  package static let zRange = SettingName("z-range")
  package static let beads = SettingName("beads")
  package static let numericalAperture = SettingName("na")
  package static let wavelength = SettingName("wavelength")
  package static let refractiveIndex = SettingName("index")

  // Calibrations and scores
  package static let scan = SettingName("scan")
  package static let origin = SettingName("origin")
  package static let heightError = SettingName("z-error")
  package static let listRejected = SettingName("list-rejected")
  package static let assignment = SettingName("assignment")
  package static let axialTolerance = SettingName("axial-tolerance")
  package static let border = SettingName("border")
  package static let brightest = SettingName("brightest")
}
