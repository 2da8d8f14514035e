/// The names of settings, so that messages in any module can refer to one: `"use a larger
/// \(.box)"`.
///
/// The declaration of a setting states its meaning, range and default; see `Setting`.
extension SettingName {
  // Camera
  public static let camera = SettingName("camera")
  public static let cameraRegion = SettingName("camera-roi")
  public static let offset = SettingName("offset")
  public static let gain = SettingName("gain")
  public static let emGain = SettingName("em-gain")
  public static let quantumEfficiency = SettingName("qe")
  public static let readNoise = SettingName("read-noise")
  public static let saturation = SettingName("saturation")
  public static let pixelSize = SettingName("pixel-size")

  // Planes of a movie
  public static let channel = SettingName("channel")
  public static let slice = SettingName("slice")
  public static let position = SettingName("position")
  public static let series = SettingName("series")

  // Finding and fitting spots
  public static let detector = SettingName("detector")
  public static let threshold = SettingName("threshold")
  public static let background = SettingName("background")
  public static let medianWindow = SettingName("median-window")
  public static let radius = SettingName("radius")
  public static let box = SettingName("box")
  public static let estimator = SettingName("fit")
  public static let widths = SettingName("sigma")
  public static let psfSigma = SettingName("psf-sigma")
  public static let pixelModel = SettingName("model")
  public static let maxIterations = SettingName("max-iterations")
  public static let tolerance = SettingName("tolerance")
  public static let psf = SettingName("psf")
  public static let axial = SettingName("axial")
  public static let indexFactor = SettingName("refractive-index-factor")

  // Networks
  public static let network = SettingName("network")
  public static let weights = SettingName("weights")
  public static let networkSettings = SettingName("network-settings")
  public static let memory = SettingName("memory")

  // Runs
  public static let frames = SettingName("frames")
  public static let roi = SettingName("roi")
  public static let batch = SettingName("batch")
  public static let device = SettingName("device")
  public static let recipe = SettingName("recipe")
  public static let printRecipe = SettingName("print-recipe")
  public static let sum = SettingName("sum")
  public static let table = SettingName("table")

  // Tables and pictures
  public static let firstFrame = SettingName("first-frame")
  public static let unit = SettingName("unit")
  public static let map = SettingName("map")
  public static let columns = SettingName("columns")
  public static let photonsPerCount = SettingName("photons-per-count")
  public static let pixel = SettingName("pixel")
  public static let style = SettingName("style")
}
