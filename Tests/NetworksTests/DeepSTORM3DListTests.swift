import Compute
import Containers
import TestConditions
import TestSupport
import Testing

@testable import Networks

/// With the published weights, the list of emitters agrees with the authors' post-processing.
@Suite struct DeepSTORM3DListTests {
  @Test(.data("models/deepstorm3d_tetrapod_demo2", "movies/real/tetrapod_mito_deepstorm3d/5.tif"))
  func theListIsThatOfTheStoredVoxels() throws {
    let folder = "models/deepstorm3d_tetrapod_demo2/"
    let golden = try SharedData.array(folder + "golden_output_sparse.npy")
    let bytes = try SharedData.bytes("movies/real/tetrapod_mito_deepstorm3d/5.tif")
    let model = try Model(
      reading: SharedData.path(folder + "weights_best_loss.pkl"), system: "deepstorm3d")
    let (_, width, frame) = try #require(PlainTIFF(bytes)?.page(0))
    let side = 96
    let crop = (100..<196).flatMap { frame[$0 * width + 200..<$0 * width + 200 + side] }
    let expected = Self.emitters(of: golden, finer: 4 * side)
    #expect(expected.count == 5)
    let head = try #require(model.system.task.list(room: 64))
    #expect(head == .peaks(radius: 4, threshold: 40, room: 64))
    // Whole, and in tiles that overlap by the receptive field.
    for tile in [nil, 88] as [Int?] {
      let tiled = try TiledNetwork(
        model, height: side, width: side, on: CPUDevice(), tile: tile, head: head)
      #expect(tiled.tiles == (tile == nil ? 1 : 4))
      var list = EmitterList()
      try crop.withUnsafeBytes {
        try tiled.list(
          FrameStack($0, .float32, height: side, width: side), answering: 0..<1, into: &list)
      }
      #expect(list.count == expected.count)
      for emitter in expected {
        let row = try #require(
          list.places.firstIndex { $0.x == emitter.x && $0.y == emitter.y && $0.z == emitter.z })
        let found = list.values[4 * row..<4 * row + 4].map { Double($0) }
        for (value, truth) in zip(found, emitter.values) { #expect(abs(value - truth) < 1e-2) }
      }
    }
  }

  private struct Emitter {
    let x: Int
    let y: Int
    let z: Int
    /// Centre of gravity x, y, z, and the confidence.
    let values: [Double]
  }

  /// The authors' post-processing of a volume: voxels above 40 that are the maximum of their 9³
  /// window, with the window's centre of gravity.
  private static func emitters(of golden: NumPyArray, finer side: Int) -> [Emitter] {
    struct Voxel: Hashable {
      let z: Int
      let y: Int
      let x: Int
    }
    var volume: [Voxel: Double] = [:]
    for row in 0..<golden.shape[0] {
      let place = golden.values[4 * row..<4 * row + 4]
      let numbers = place.map { Double($0) }
      volume[Voxel(z: Int(numbers[0]), y: Int(numbers[1]), x: Int(numbers[2]))] = numbers[3]
    }
    return volume.filter { $0.value > 40 }.compactMap { voxel, value in
      var (sum, x, y, z) = (0.0, 0.0, 0.0, 0.0)
      for dz in -4...4 {
        for dy in -4...4 {
          for dx in -4...4 {
            let near = volume[Voxel(z: voxel.z + dz, y: voxel.y + dy, x: voxel.x + dx)] ?? 0
            if near > value { return nil }
            sum += near
            x += near * Double(dx)
            y += near * Double(dy)
            z += near * Double(dz)
          }
        }
      }
      return Emitter(
        x: voxel.x, y: voxel.y, z: voxel.z,
        values: [
          Double(voxel.x) + x / sum, Double(voxel.y) + y / sum, Double(voxel.z) + z / sum, value,
        ])
    }
  }
}
