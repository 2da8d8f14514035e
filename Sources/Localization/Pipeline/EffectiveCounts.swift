import Compute
import Microscopy

/// The unit in which spots are fitted: effective counts, which have Poisson statistics.
///
/// They are photoelectrons, divided by the excess noise factor of an EM register: dividing an
/// overdispersed count by F² makes its variance its mean.
package struct EffectiveCounts {
  package let offset: Double
  /// ADU per photoelectron at the sensor.
  package let gain: Double
  package let perElectron: Double
  /// Photons per effective count, for the output.
  package let photons: Double
  /// Gaussian variance of a pixel, effective counts squared.
  package let noiseVariance: Double

  package init(_ camera: Camera) {
    offset = camera.offset
    gain = camera.gain * camera.emGain
    perElectron = 1 / camera.excessNoise
    photons = camera.excessNoise / camera.quantumEfficiency
    let sigma = camera.readNoise / camera.emGain * perElectron
    noiseVariance = sigma * sigma
  }
}

/// The maps of a sensor as constants of a graph, in photoelectrons.
struct SensorMaps {
  let offset: Graph.Value
  let inverseGain: Graph.Value
  let noise: Graph.Value

  init(_ maps: CameraMaps, in graph: inout Graph) {
    let shape = [maps.height, maps.width]
    let inverse = maps.gain.map { 1 / $0 }
    let noise = zip(maps.variance, inverse).map { $0 * $1 * $1 }
    offset = graph.constant(Tensor(maps.offset, shape: shape))
    inverseGain = graph.constant(Tensor(inverse, shape: shape))
    self.noise = graph.constant(Tensor(noise, shape: shape))
  }

  var all: [Graph.Value] { [offset, inverseGain, noise] }
}
