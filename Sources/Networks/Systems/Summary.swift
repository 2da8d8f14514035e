import Compute

/// A line of `glint networks`.
public struct NetworkSummary: Hashable, Sendable {
  public let name: String
  public let source: String
  public let purpose: String
  /// Trained values.
  public let parameters: Int
  /// Multiply–accumulates per pixel of the frame; for a network of fixed input, of one input.
  public let work: Double
  /// Side of the square of pixels that a result depends on.
  public let receptiveField: Int
  /// Bytes that a frame of the asked size takes on the device; nil where the network does not take it.
  public let memory: Int?

  /// - Parameters:
  ///   - height: of the frame whose memory is asked, padded to the network's alignment.
  public init(
    _ system: any NetworkSystem, height: Int, width: Int, on device: DeviceInfo
  ) {
    let network = system.network
    name = type(of: system).name
    source = type(of: system).source
    purpose = type(of: system).purpose
    parameters = network.parameterCount
    work = network.multiplicationsPerPixel
    receptiveField = network.receptiveField
    let weights = network.randomWeights(seed: 1)
    memory = try? Model(system, weights).memory(
      height: network.aligned(height), width: network.aligned(width), on: device)
  }

  /// Of every known network with its published settings.
  public static func all(height: Int, width: Int, on device: DeviceInfo) -> [NetworkSummary] {
    Systems.all.map { NetworkSummary($0.init(), height: height, width: width, on: device) }
  }
}

extension Network {
  /// The next length that is a multiple of the alignment.
  public func aligned(_ length: Int) -> Int { (length + alignment - 1) / alignment * alignment }
}
