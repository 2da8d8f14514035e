import Compute

/// Numbers of frames that are processed together.
package struct Pace: Hashable, Sendable {
  /// Frames in one run of the device.
  package let together: Int
  /// Frames per batch from reading to writing: about a second's work, or four frames for a network
  /// that uses neighbouring frames. For frames in tiles, each batch computes its neighbours again.
  package let batch: Int
}

extension Model {
  /// The pace for frames of this size: whole runs, at most 128 MiB of frames. Images of a fixed
  /// size (spectra) are small and are processed by the hundred.
  package func pace(height: Int, width: Int, on device: DeviceInfo) -> Pace {
    let isGPU = device.kind == .openCLGPU
    let flops = 2 * network.multiplicationsPerPixel * Double(height * width)
    let second = Int(min((isGPU ? 1e13 : 2e11) / max(flops, 1), 1024))
    let room = max(1, (128 << 20) / (2 * height * width))
    let frames = max(1, min(second, room))
    // On a CPU as many as the caches can hold, about.
    let near = isGPU ? 32 : max(1, min(8, (1 << 17) / max(height * width, 1)))
    let together = min(frames, system.inputSize != nil ? 256 : near)
    let shared = network.temporalReach > 0 ? min(4, room) : 1
    return Pace(together: together, batch: max(frames, shared) / together * together)
  }
}
