import Compute
import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Networks

/// Published weights give the stored results.
@Suite struct ReferenceTests {
  /// A frame of an uncompressed little- or big-endian 8- or 16-bit TIFF.
  private func frame(_ name: String, page: Int = 0) throws -> (height: Int, width: Int, [Float]) {
    try #require(PlainTIFF(SharedData.bytes(name))?.page(page))
  }

  @Test(.data("models/deepstorm3d_tetrapod_demo2", "movies/real/tetrapod_mito_deepstorm3d/5.tif"))
  func deepSTORM3DGivesTheStoredVoxels() throws {
    let folder = "models/deepstorm3d_tetrapod_demo2/"
    let golden = try SharedData.array(folder + "golden_output_sparse.npy")
    let (_, width, image) = try frame("movies/real/tetrapod_mito_deepstorm3d/5.tif")
    let model = try Model(
      reading: SharedData.path(folder + "weights_best_loss.pkl"), system: "deepstorm3d")
    #expect((model.system as? DeepSTORM3D)?.planes == 121)
    #expect(model.network.parameterCount == 612_703)
    let side = 96
    var crop: [Float] = []
    for row in 100..<196 { crop += image[row * width + 200..<row * width + 296] }
    // An OpenCL device that is a CPU takes minutes, so it runs only on request.
    let slow = ProcessInfo.processInfo.environment["GLINT_SLOW"] != nil
    let others = Devices.openCL.devices.filter { slow || $0.info.kind == .openCLGPU }
    for device in [CPUDevice()] + others as [any Device] {
      let read = try run(model.graph(height: side, width: side), crop, on: device)
      var volume = try read("volume")
      var worst: Float = 0
      for row in 0..<golden.shape[0] {
        let place = golden.values[4 * row..<4 * row + 3].map { Int($0) }
        let index = (place[1] * 4 * side + place[2]) * 121 + place[0]
        worst = max(worst, abs(volume[index] - golden.values[4 * row + 3]))
        volume[index] = 0
      }
      let elsewhere = volume.max() ?? 0
      print(
        "DeepSTORM3D on \(device.info.name): largest deviation \(worst) at "
          + "\(golden.shape[0]) voxels, \(elsewhere) elsewhere")
      #expect(worst < 1e-2)
      #expect(elsewhere < 1e-2)
    }
  }

  @Test(.data("models/fidstorm", "movies/deepstorm_random_hd/ArtificialDataset_demo1.tif"))
  func fidSTORMGivesTheStoredMap() throws {
    let golden = try SharedData.array("models/fidstorm/golden_64_output.npy")
    let (height, width, image) = try frame(
      "movies/deepstorm_random_hd/ArtificialDataset_demo1.tif")
    let file = try WeightFile.read(
      SharedData.path("models/fidstorm/modelDynamic_ours_64x64.onnx"))
    let model = try Model(FIDSTORM.self, file)
    #expect(model.network.parameterCount == 208_400)
    #expect(height == 64 && width == 64)
    for device in [CPUDevice()] + Devices.openCL.devices as [any Device] {
      let map = try run(model.graph(height: height, width: width), image, on: device)("density")
      let worst = largestDifference(map, golden.values)
      print("FID-STORM on \(device.info.name): largest deviation \(worst)")
      #expect(worst < 1e-5)
    }
  }

  @Test(.data("models/spenet")) func speNetGivesTheStoredProbabilities() throws {
    let input = try SharedData.array("models/spenet/golden_input.npy")
    let golden = try SharedData.array("models/spenet/golden_output.npy")
    let model = try Model(
      reading: SharedData.path("models/spenet/spenet_weights.npz"), system: "spenet")
    for device in [CPUDevice()] + Devices.openCL.devices as [any Device] {
      let read = try run(
        model.graph(batch: 8, height: 7, width: 201), input.values, on: device)
      let worst = largestDifference(try read("probabilities"), golden.values)
      print("SpeNet on \(device.info.name): largest deviation \(worst)")
      #expect(worst < 1e-4)
    }
  }
}

/// Just enough TIFF for the frames of these tests.
struct PlainTIFF {
  private let bytes: [UInt8]
  private let big: Bool

  init?(_ bytes: [UInt8]) {
    guard bytes.count > 8, bytes[0] == bytes[1] else { return nil }
    self.bytes = bytes
    big = bytes[0] == UInt8(ascii: "M")
  }

  private func number(_ at: Int, _ width: Int) -> Int {
    (0..<width).reduce(0) { $0 << 8 | Int(bytes[at + (big ? $1 : width - 1 - $1)]) }
  }

  func page(_ wanted: Int) -> (height: Int, width: Int, [Float])? {
    var directory = number(4, 4)
    for _ in 0..<wanted { directory = number(directory + 2 + 12 * number(directory, 2), 4) }
    var tags: [Int: [Int]] = [:]
    for entry in 0..<number(directory, 2) {
      let at = directory + 2 + 12 * entry
      let width = number(at + 2, 2) == 3 ? 2 : number(at + 2, 2) == 4 ? 4 : 1
      let count = number(at + 4, 4)
      let start = width * count > 4 ? number(at + 8, 4) : at + 8
      if count < 10000 {
        tags[number(at, 2)] = (0..<count).map { number(start + width * $0, width) }
      }
    }
    guard let width = tags[256]?[0], let height = tags[257]?[0], let offsets = tags[273],
      let counts = tags[279], tags[259]?[0] ?? 1 == 1
    else { return nil }
    let sample = (tags[258]?[0] ?? 8) / 8
    var values: [Float] = []
    for (offset, count) in zip(offsets, counts) {
      values += (0..<count / sample).map { Float(number(offset + sample * $0, sample)) }
    }
    return (height, width, Array(values.prefix(width * height)))
  }
}
