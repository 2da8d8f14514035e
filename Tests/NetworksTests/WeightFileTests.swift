import Compute
import Foundation
import TestConditions
import TestSupport
import Testing

@testable import Networks

/// Weight files, each recognised by its content.
@Suite struct WeightFileTests {
  @Test func everyKindGivesTheSameTensors() throws {
    let files: [(String, [UInt8])] = [
      ("PyTorch zip", WeightFixtures.torchZip(WeightFixtures.stateDictionary)),
      ("PyTorch legacy", WeightFixtures.torchLegacy(WeightFixtures.stateDictionary)),
      ("whole object, zip", WeightFixtures.torchZip(WeightFixtures.wholeObject)),
      ("whole object, legacy", WeightFixtures.torchLegacy(WeightFixtures.wholeObject)),
      ("npz", WeightFixtures.npz), ("Keras", WeightFixtures.keras),
      ("safetensors", try SafeTensors.encode(WeightFixtures.expected)),
    ]
    for (kind, bytes) in files {
      let weights = try WeightFile.decode(bytes, path: kind)
      #expect(weights.tensors == WeightFixtures.expected.tensors, "\(kind)")
    }
  }

  @Test func wholeObjectsKeepTheirNumbers() throws {
    let weights = try WeightFile.decode(
      WeightFixtures.torchZip(WeightFixtures.wholeObject), path: "a.pt")
    #expect(weights.numbers["factor"] == 2.5)
  }

  @Test func safeTensorsRoundTripWithConfiguration() throws {
    try withTemporaryFolder { folder in
      var system = DeepSTORM3D()
      system.planes = 7
      system.dilations = [1, 2, 4, 1, 1]
      let weights = system.network.randomWeights(seed: 3)
      let path = folder.appendingPathComponent("a.safetensors").path
      try SafeTensors.write(Model(system, weights).file, to: path)
      let model = try Model(reading: path)
      #expect(model.system as? DeepSTORM3D == system)
      #expect(model.weights.tensors == weights.tensors)
    }
  }

  @Test(arguments: [
    ("os", "system"), ("posix", "system"), ("builtins", "eval"), ("builtins", "getattr"),
  ])
  func aCallOutsideTheListIsRefusedByName(_ module: String, _ name: String) throws {
    let call =
      WeightFixtures.global(module, name)
      + WeightFixtures.tuple(WeightFixtures.text("echo hostile"))
      + Array("R".utf8)
    for bytes in [
      WeightFixtures.torchZip(call), WeightFixtures.torchLegacy(call), WeightFixtures.pickle(call),
    ] {
      let error = #expect(throws: WeightError.self) {
        try WeightFile.decode(bytes, path: "hostile.pt")
      }
      guard case .refused(let path, let global)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(path == "hostile.pt" && global == "\(module).\(name)")
    }
  }

  /// TorchScript stores settings of layers in its own lists.
  @Test func listsOfTorchScriptAreRead() throws {
    let list =
      WeightFixtures.global("torch.jit._pickle", "build_intlist")
      + WeightFixtures.tuple(
        Array("](".utf8) + [2, 3].flatMap(WeightFixtures.int) + Array("e".utf8))
      + Array("R".utf8)
    let body =
      Array("}(".utf8) + WeightFixtures.text("stride") + list + WeightFixtures.text("a.weight")
      + WeightFixtures.tensor(key: "0", count: 6, shape: [2, 3], strides: [1, 2]) + Array("u".utf8)
    let weights = try WeightFile.decode(WeightFixtures.torchZip(body), path: "script.pt")
    #expect(weights.tensors["a.weight"] == WeightFixtures.expected.tensors["a.weight"])
    #expect(weights.numbers["stride.1"] == 3)
  }

  @Test func systemClassesAreRefusedThoughNothingIsCalled() throws {
    let made = WeightFixtures.global("subprocess", "Popen") + Array(")".utf8) + [0x81]
    #expect(throws: WeightError.self) {
      try WeightFile.decode(WeightFixtures.torchZip(made), path: "hostile.pt")
    }
  }

  @Test func deepNestingAndCyclesDoNotExhaustTheStack() throws {
    // A list nested a hundred thousand times.
    let nested =
      [UInt8](repeating: UInt8(ascii: "]"), count: 100_000)
      + [UInt8](repeating: UInt8(ascii: "a"), count: 99_999)
    #expect(throws: WeightError.self) {
      try WeightFile.decode(WeightFixtures.torchZip(nested), path: "deep.pt")
    }
    let cycle = Array("]q".utf8) + [0] + Array("h".utf8) + [0] + Array("a".utf8)
    #expect(throws: WeightError.self) {
      try WeightFile.decode(WeightFixtures.torchZip(cycle), path: "cycle.pt")
    }
  }

  @Test func tensorsBeyondTheirStorageAreNamed() throws {
    let body =
      Array("}(".utf8) + WeightFixtures.text("a.weight")
      + WeightFixtures.tensor(key: "1", count: 2, shape: [2, 3], strides: [3, 1]) + Array("u".utf8)
    let error = #expect(throws: WeightError.self) {
      try WeightFile.decode(WeightFixtures.torchZip(body), path: "a.pt")
    }
    #expect("\(try #require(error))".contains("`a.weight` of shape 2×3 in a storage of 2 values"))
  }

  @Test func offsetsThatOverflowAreRefused() throws {
    // An offset of 2⁶³ − 1 as an eight-byte integer.
    let storage = WeightFixtures.tuple(
      WeightFixtures.text("storage"), WeightFixtures.global("torch", "FloatStorage"),
      WeightFixtures.text("1"), WeightFixtures.text("cpu"), WeightFixtures.int(2))
    let offset: [UInt8] = [0x8a, 8] + WeightFixtures.little(Int64.max)
    let body =
      Array("}".utf8) + WeightFixtures.text("a")
      + WeightFixtures.global("torch._utils", "_rebuild_tensor_v2")
      + WeightFixtures.tuple(
        storage + Array("Q".utf8), offset, WeightFixtures.tuple(WeightFixtures.int(2)),
        WeightFixtures.tuple(WeightFixtures.int(1)), [0x89], Array("}".utf8))
      + Array("Rs".utf8)
    #expect(throws: WeightError.self) {
      try WeightFile.decode(WeightFixtures.torchZip(body), path: "a.pt")
    }
  }

  @Test(arguments: [
    ("deepstorm3d", #"{"planes":-3}"#), ("deepstorm3d", #"{"planes":3,"dilations":[0,2]}"#),
    ("fid-storm", #"{"depth":-1}"#), ("fid-storm", #"{"depth":1000000000}"#),
    ("decode", #"{"features":0}"#), ("deep-storm", "[]"), ("unknown", "{}"),
  ])
  func settingsOfAHostileFileGetTypedErrors(_ system: String, _ changes: String) throws {
    var weights = WeightFixtures.expected
    var settings = changes
    if let known = try? Systems.named(system), changes.hasPrefix("{") {
      // The published settings with these changed.
      var values = try #require(
        JSONSerialization.jsonObject(with: Data(known.init().configuration.settings.utf8))
          as? [String: Any])
      let changed = try #require(
        JSONSerialization.jsonObject(with: Data(changes.utf8)) as? [String: Any])
      values.merge(changed) { $1 }
      settings = String(
        decoding: try JSONSerialization.data(withJSONObject: values), as: UTF8.self)
    }
    weights.configuration = NetworkConfiguration(system: system, settings: settings)
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.safetensors").path
      try SafeTensors.write(weights, to: path)
      #expect(throws: NetworkError.self) { try Model(reading: path) }
    }
  }

  @Test func missingAndMisshapenTensorsAreNamedWithBothShapes() throws {
    let system = DeepSTORM()
    var weights = system.network.randomWeights(seed: 1)
    weights.tensors["conv-CNNF2.weight"] = Tensor(
      [Float](repeating: 0, count: 18), shape: [2, 1, 3, 3])
    var error = #expect(throws: WeightError.self) { try Model(system, weights) }
    #expect(
      "\(try #require(error))".hasPrefix(
        "tensor `conv-CNNF2.weight` has shape 2×1×3×3, expected 64×32×3×3\nhint: "))
    weights.tensors["conv-CNNF2.weight"] = nil
    error = #expect(throws: WeightError.self) { try Model(system, weights) }
    #expect(
      "\(try #require(error))".hasPrefix(
        "the weights have no tensor `conv-CNNF2.weight` (expected shape 64×32×3×3)\nhint: "))
  }

  @Test func notANumberIsRefused() throws {
    let system = DeepSTORM()
    var weights = system.network.randomWeights(seed: 1)
    var bias = [Float](repeating: 0, count: 32)
    bias[3] = .nan
    weights.tensors["BN-CNNF1.bias"] = Tensor(bias, shape: [32])
    #expect(throws: WeightError.self) { try Model(system, weights) }
  }

  @Test func wrappersInFrontOfNamesAreSeenThrough() throws {
    let system = DeepSTORM()
    let weights = system.network.randomWeights(seed: 1)
    let wrapped = Weights(
      Dictionary(
        uniqueKeysWithValues: weights.tensors.map { ("state_dict.module." + $0.key, $0.value) }))
    #expect(try Model(system, wrapped).weights.tensors == weights.tensors)
  }

  @Test func unknownFilesAreCalledSo() throws {
    #expect(throws: WeightError.self) {
      try WeightFile.decode(Array("II*\0 this is a TIFF file".utf8), path: "a.tif")
    }
    #expect(throws: WeightError.self) { try WeightFile.decode([], path: "empty") }
    #expect(throws: WeightError.self) { try WeightFile.read("/nowhere/at/all.pt") }
  }

  private static let published = [
    ("models/deepstorm3d_tetrapod_demo2/weights_best_loss.pkl", 84, 614_467),
    ("models/dsir_autoencoder_model.pt", 26, 3_389),
    ("models/defcon/defcon_tf13.h5", 30, 112_912),
    ("models/spenet/spenet_weights.npz", 15, 8_060),
  ]

  @Test(
    .anyData(of: published.map(\.0)), arguments: published.filter { SharedData.has($0.0) })
  func publishedFilesHoldTheirStatedNumbers(
    _ name: String, _ tensors: Int, _ values: Int
  ) throws {
    let weights = try WeightFile.read(SharedData.path(name))
    #expect(weights.tensors.count == tensors)
    #expect(weights.count == values)
  }

  /// Compared with torch itself.
  @Test(.python("torch", "numpy")) func torchFilesReadAsTorchReadsThem() throws {
    try withTemporaryFolder { folder in
      let script = """
        import collections, torch, torch.nn as nn
        torch.manual_seed(1)
        class Net(nn.Module):
            def __init__(s):
                super().__init__()
                s.conv = nn.Conv2d(2, 3, 3)
                s.path = nn.ModuleList([nn.BatchNorm2d(3), nn.Linear(4, 2)])
                s.short = nn.Parameter(torch.randn(5).half())
                s.factor = 2.5
        net = Net()
        view = torch.arange(24.).reshape(2, 3, 4).permute(2, 0, 1)[1:, :, ::2]
        state = collections.OrderedDict(net.state_dict()); state['view'] = view
        torch.save(state, 'zip.pt')
        torch.save(state, 'legacy.pt', _use_new_zipfile_serialization=False)
        torch.save(net, 'whole.pt')
        torch.save({'epoch': 3, 'network': net, 'list': [state]}, 'wrapped.pkl', _use_new_zipfile_serialization=False)
        for k, v in state.items():
            open(k + '.bin', 'wb').write(v.float().contiguous().numpy().tobytes())
            print(k, *v.shape)
        """
      let output = try Python.run(script, in: folder)
      let lines = output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
      #expect(lines.count == 11)
      for (file, prefix, hasView) in [
        ("zip.pt", "", true), ("legacy.pt", "", true), ("whole.pt", "", false),
        ("wrapped.pkl", "network.", false),
      ] {
        let weights = try WeightFile.read(folder.appendingPathComponent(file).path)
        for line in lines where hasView || line[0] != "view" {
          let data = try Data(contentsOf: folder.appendingPathComponent(line[0] + ".bin"))
          let tensor = try #require(weights.tensors[prefix + line[0]], "\(file) \(line[0])")
          #expect(tensor.type.shape == line.dropFirst().map { Int($0)! }, "\(file) \(line[0])")
          #expect(tensor.bytes == [UInt8](data), "\(file) \(line[0])")
        }
      }
      let whole = try WeightFile.read(folder.appendingPathComponent("whole.pt").path)
      #expect(whole.numbers["factor"] == 2.5)
    }
  }
}
