import Compute
import Testing

@testable import Networks

/// Lists of emitters made on the device.
@Suite struct ListTests {
  private func list(
    _ model: Model, _ frames: [Float], height: Int, width: Int, batch: Int = 1, tile: Int? = nil,
    head: NetworkHead, answering: Range<Int>? = nil
  ) throws -> EmitterList {
    let tiled = try TiledNetwork(
      model, batch: batch, height: height, width: width, on: CPUDevice(), tile: tile, head: head)
    var list = EmitterList()
    try frames.withUnsafeBytes { bytes in
      let stack = FrameStack(bytes, .float32, height: height, width: width)
      try tiled.list(stack, answering: answering ?? 0..<stack.count, into: &list)
    }
    return list
  }

  private func rows(_ list: EmitterList) -> [(place: EmitterList.Place, values: [Float])] {
    list.sorted.map {
      (list.places[$0], Array(list.values[$0 * list.width..<($0 + 1) * list.width]))
    }
  }

  /// DECODE's list agrees with the reference op applied to the map.
  @Test func decodeListsWhatItsMapHolds() throws {
    let model = try Model(DECODE.small, DECODE.small.network.randomWeights(seed: 5))
    // Multiples of the alignment: otherwise padding beyond an edge would count as a neighbour.
    let (height, width, count) = (12, 152, 4)
    let frames = ONNXTests.frames(count * height * width).map { $0 / 200 }
    let graph = try model.graph(batch: count, height: height, width: width)
    let shape = TensorType(.float32, count, height, width, 1)
    let map = try #require(
      graph.evaluate(["frames": Reference(shape, frames.map { Double($0) })])["emitters"]
    ).values
    // Plain sums in single precision show the effect of rounding in this network: up to 9e-5. Fast
    // convolutions in all its layers were three times less exact; each of them may be 32 times.
    let device = CPUDevice()
    let plain = try device.compile(
      Plan(graph, for: device.info, forcing: [Convolution.name: "direct"]))
    try plain.write("frames", frames)
    try plain.run()
    let roundings = zip(try plain.read("emitters").values, map).map { abs($0 - $1) }
    let limits = (0..<10).map { channel in
      8 * stride(from: channel, to: map.count, by: 10).reduce(0) { max($0, roundings[$1]) }
    }
    print("DECODE's roundings, 8 times: \(limits)")
    #expect(limits.allSatisfy { $0 < 1e-3 })
    var worst = [Double](repeating: 0, count: 10)
    let p = stride(from: 0, to: map.count, by: 10).map { map[$0] }
    let gathered = IntegrateProbability(threshold: 0.1).reference([Reference(shape, p)])[0].values
    let expected = gathered.indices.filter { gathered[$0] >= 0.7 }
    #expect(expected.count > 20)
    for (batch, tile) in [(1, nil), (3, nil), (2, 112)] as [(Int, Int?)] {
      let found = rows(
        try list(
          model, frames, height: height, width: width, batch: batch, tile: tile,
          head: .emitters(candidates: 0.1, threshold: 0.7, room: 2000)))
      // Rounding decides which of two equal neighbours is the maximum, and what exceeds a
      // threshold.
      let places = Set(
        found.map { ($0.place.frame * height + $0.place.y) * width + $0.place.x })
      let differ = places.symmetricDifference(expected)
      #expect(differ.count * 50 <= expected.count, "\(differ.count) of \(expected.count)")
      #expect(found.map(\.place) == found.map(\.place).sorted())
      for (place, values) in found {
        let pixel = (place.frame * height + place.y) * width + place.x
        #expect(
          abs(Double(values[0]) - gathered[pixel]) <= 5 * limits[0] || differ.contains(pixel))
        for channel in 0..<10 {
          let error = abs(Double(values[1 + channel]) - map[pixel * 10 + channel])
          worst[channel] = max(worst[channel], error)
          #expect(error <= limits[channel])
        }
      }
    }
    print("DECODE's list deviates by \(worst)")
  }

  /// Maxima of an image and of a volume are the same with and without tiles.
  @Test func peaksAreThoseOfTheWholeFrame() throws {
    let cases: [(any NetworkSystem, Int, Int, Int, Int)] = [
      (DeepSTORM3D.small, 37, 50, 36, 2), (FIDSTORM(), 40, 43, 32, 2),
    ]
    for (system, height, width, tile, radius) in cases {
      let model = try Model(system, system.network.randomWeights(seed: 3))
      let frames = ONNXTests.frames(2 * height * width)
      let image = try TiledNetwork(model, height: height, width: width, on: CPUDevice())
        .image(frames)
      let threshold = image.values.sorted()[image.values.count * 49 / 50]
      #expect(threshold > 0)
      let op = VolumePeaks(radius: radius, threshold: Float(threshold), room: 1 << 16)
      let reference = op.reference([Reference(image)])
      let total = Int(reference[2].values[0])
      #expect(total > 10)
      for tile in [nil, tile] {
        let found = rows(
          try list(
            model, frames, height: height, width: width, tile: tile,
            head: .peaks(radius: radius, threshold: Float(threshold), room: 1 << 16)))
        let expected = (0..<total).filter {
          abs(reference[1].values[4 * $0 + 3] - threshold) > 1e-4 * threshold
        }
        // Apart from equal neighbours, each maximum is found at its position.
        var missing = 0
        for entry in expected {
          let place = reference[0].values[4 * entry..<4 * entry + 4].map { Int($0) }
          let other = found.first {
            $0.place.frame == place[0] && $0.place.y == place[1] && $0.place.x == place[2]
              && $0.place.z == place[3]
          }
          guard let other else {
            missing += 1
            continue
          }
          for k in 0..<3 {
            #expect(abs(Double(other.values[k]) - reference[1].values[4 * entry + k]) < 1e-2)
          }
        }
        print("\(type(of: system).name): \(found.count) peaks, \(missing) of \(total) elsewhere")
        #expect(missing * 100 <= total && abs(found.count - total) * 100 <= total)
      }
    }
  }

  /// Entries beyond the room are counted, and the count does not depend on the room.
  @Test func aFullListSaysHowManyThereAre() throws {
    let model = try Model(FIDSTORM(), FIDSTORM().network.randomWeights(seed: 3))
    let frames = ONNXTests.frames(20 * 20)
    let full = try list(
      model, frames, height: 20, width: 20, head: .peaks(radius: 1, threshold: 1e-6, room: 10))
    #expect(full.count == 10 && full.most > 10)
    let room = try list(
      model, frames, height: 20, width: 20,
      head: .peaks(radius: 1, threshold: 1e-6, room: full.most))
    #expect(room.count == full.most && room.most == full.most)
  }

  @Test func constantFramesHaveNoPeaks() throws {
    let model = try Model(DeepSTORM3D.small, DeepSTORM3D.small.network.randomWeights(seed: 3))
    let found = try list(
      model, [Float](repeating: 0, count: 64), height: 8, width: 8,
      head: .peaks(radius: 4, threshold: 799, room: 10))
    #expect(found.count == 0 && found.most == 0)
  }
}
