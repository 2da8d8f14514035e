import Compute
import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Networks

/// Damaged files give a typed error or weights, never a trap, unbounded memory or unbounded time.
@Suite struct WeightFuzzTests {
  static let kinds = [
    "zip", "legacy", "whole", "npz", "keras", "keras3", "safetensors", "onnx",
  ]

  /// A network with layers of each kind, identified by order.
  private static let small: Network = {
    var net = Network(channels: 1)
    let x = net.batchNorm(net.convolution(net.input, "a", 3, to: 2, bias: false), "b")
    net.output("y", net.convolution(x, "c", 1, to: 1))
    return net
  }()

  private func file(_ kind: String) throws -> [UInt8] {
    switch kind {
    case "zip": WeightFixtures.torchZip(WeightFixtures.stateDictionary)
    case "legacy": WeightFixtures.torchLegacy(WeightFixtures.stateDictionary)
    case "whole": WeightFixtures.torchZip(WeightFixtures.wholeObject)
    case "npz": WeightFixtures.npz
    case "keras": WeightFixtures.keras
    case "keras3": WeightFixtures.keras3(Self.small, Self.small.randomWeights(seed: 1))
    case "onnx": try WeightFixtures.onnx()
    default: try SafeTensors.encode(WeightFixtures.expected)
    }
  }

  /// Weights or a typed error, by the types of what throws.
  private func survive(_ bytes: [UInt8], _ name: String) {
    do {
      let weights = try WeightFile.decode(bytes, path: name)
      if weights.inOrder != nil { _ = try Self.small.check(weights) }
    } catch {
      #expect(!error.description.isEmpty)
    }
  }

  @Test(arguments: kinds) func everyTruncationIsSurvived(_ kind: String) throws {
    let bytes = try file(kind)
    for end in 0..<bytes.count { survive(Array(bytes[..<end]), "\(kind) cut at \(end)") }
    for end in stride(from: 1, to: bytes.count - 1, by: 7) where kind != "onnx" {
      #expect(throws: WeightError.self, "\(kind) cut at \(end)") {
        try WeightFile.decode(Array(bytes[..<end]), path: kind)
      }
    }
  }

  @Test(arguments: kinds) func everyChangedByteIsSurvived(_ kind: String) throws {
    let bytes = try file(kind)
    for place in bytes.indices {
      for value in [0, 1, 0x7f, 0x80, 0xff, bytes[place] ^ 1] as [UInt8] {
        var damaged = bytes
        damaged[place] = value
        survive(damaged, "\(kind), byte \(place) = \(value)")
      }
    }
  }

  @Test(arguments: kinds) func randomDamageIsSurvived(_ kind: String) throws {
    let bytes = try file(kind)
    var random = SampleGenerator(seed: 1)
    for round in 0..<2000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 2...12, using: &random) {
        damaged[Int.random(in: damaged.indices, using: &random)] = .random(
          in: 0...255, using: &random)
      }
      if Bool.random(using: &random) {
        let from = Int.random(in: damaged.indices, using: &random)
        damaged.removeSubrange(
          from..<min(damaged.count, from + Int.random(in: 1...9, using: &random)))
      }
      survive(damaged, "\(kind), round \(round)")
    }
  }

  private static let published = [
    "models/dsir_autoencoder_model.pt", "models/spenet/spenet_weights.npz",
    "models/defcon/defcon_tf13.h5", "models/fidstorm/modelDynamic_ours_64x64.onnx",
  ]

  @Test(.anyData(of: published), arguments: published.filter(SharedData.has))
  func publishedFilesSurviveDamage(_ name: String) throws {
    var random = SampleGenerator(seed: 77)
    let bytes = try SharedData.bytes(name)
    let head = min(bytes.count, 20_000)
    for round in 0..<40 {
      var damaged = bytes
      for _ in 0..<4 {
        damaged[Int.random(in: 0..<head, using: &random)] = .random(in: 0...255, using: &random)
      }
      survive(damaged, "\(name), round \(round)")
      survive(Array(bytes[..<Int.random(in: bytes.indices, using: &random)]), "\(name) cut")
    }
  }
}
