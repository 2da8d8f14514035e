import Compute
import Testing

@testable import Networks

/// Properties of networks, and frames of any size.
@Suite struct NetworkTests {
  @Test func parametersAndWorkAreThoseOfThePapers() {
    var planes81 = DeepSTORM3D()
    planes81.planes = 81
    // Multiply–accumulates per pixel: systems.md counts DECODE with the features of frames reused.
    let expected: [(any NetworkSystem, parameters: Int, work: Double)] = [
      (DeepSTORM(), 1_366_208, 5.92e6), (DECODE(), 2_199_418, 0.593e6),
      (planes81, 435_743, 3.67e6), (DeepSTORM3D(), 612_703, 6.49e6), (FIDSTORM(), 208_400, 341_568),
      (DEFCoN(), 112_912, 0),
    ]
    for (system, parameters, work) in expected {
      let network = system.network
      #expect(network.parameterCount == parameters, "\(system)")
      if work > 0 {
        #expect(abs(network.multiplicationsPerPixel / work - 1) < 0.01, "\(system)")
      }
    }
    #expect(SpeNet().network.parameterCount == 8_027)
    #expect(abs(SpeNet().network.multiplications(height: 7, width: 201) - 460_000) < 10_000)
  }

  @Test func reachIsThatOfTheLayers() {
    var net = Network(channels: 1)
    let x = net.convolution(net.input, "a", 3, to: 1, dilation: 4)
    net.output("y", net.convolution(net.upsample(x, 2), "b", 5, to: 1))
    // 4 pixels each way, then 2 fine pixels and the pixel's own width.
    #expect(net.reach.pitch == 0.5)
    #expect(net.reach.rows == Reach.Span(before: 4 + 0.5 + 1, after: 5))
    #expect(net.reach.columns == net.reach.rows)
    #expect(net.magnification == 2 && net.alignment == 1 && net.halo == 6)
    #expect(DECODE().network.alignment == 4 && DECODE().network.magnification == 1)
    #expect(DEFCoN().network.alignment == 4 && DeepSTORM().network.alignment == 1)
    #expect(DeepSTORM3D().network.magnification == 4)
  }

  /// A value changed outside of the receptive field changes nothing, one inside does.
  @Test func reachHoldsWhenMeasured() throws {
    for system in [DECODE.small, DEFCoN()] as [any NetworkSystem] {
      let network = system.network
      let side = 8 * ((2 * network.halo + 16) / 8 + 1)
      let weights = network.randomWeights(seed: 3)
      let graph = try network.graph(weights, batch: 1, height: 4, width: side, scaling: false)
      var frame = ONNXTests.frames(4 * side).map { $0 / 100 - 1 }
      let name = network.outputs[0].name
      let before = try run(graph, frame)(name)
      let place = side / 2
      frame[side + place] += 1
      let after = try run(graph, frame)(name)
      let channels = network.channels(of: network.outputs[0].value)
      // Fast convolutions mix neighbours in their rounding errors, so only larger changes count.
      let rounding = 1e-5 * (before.map(abs).max() ?? 0)
      let changed = (0..<side).filter { x in
        (0..<channels).contains {
          abs(before[(side + x) * channels + $0] - after[(side + x) * channels + $0]) > rounding
        }
      }
      let farthest = changed.map { abs($0 - place) }.max() ?? 0
      #expect(farthest <= network.halo, "\(type(of: system).name)")
      #expect(farthest > network.halo / 3, "\(type(of: system).name)")
    }
  }

  @Test func summariesNameEverySystem() throws {
    for type in Systems.all {
      let summary = try NetworkSummary(type.init(), height: 17, width: 13, on: CPUDevice().info)
      #expect(summary.name == type.name)
      #expect(summary.refusal == nil)
      let memory = try #require(summary.memory)
      #expect(memory.total == memory.run + memory.weights + memory.frames && memory.tiles == 1)
      // SpeNet takes spectra of one size only.
      #expect([memory.height, memory.width] == (summary.name == "spenet" ? [7, 201] : [17, 13]))
      #expect(summary.parameters > 8_000 && summary.work > 600 && summary.receptiveField > 8)
      #expect(summary.frames == (summary.name == "decode" ? 3 : 1) && summary.channels == 1)
    }
    let decode = try NetworkSummary(DECODE(), height: 8, width: 8, on: CPUDevice().info)
    #expect(decode.outputs.count == 10 && decode.outputs[0] == "p")
  }

  /// Each system states how its result is used.
  @Test func systemsStateTheirColumns() {
    func columns(_ system: any NetworkSystem) -> [String] {
      system.task.emitters?.columns.map { "\($0.quantity.name) \($0.quantity.unit.rawValue)" } ?? []
    }
    let map = ["x px", "y px", "score "]
    #expect(columns(DeepSTORM()) == map && columns(FIDSTORM()) == map)
    #expect(columns(DeepSTORM3D()) == ["x px", "y px", "z nm", "score "])
    #expect(columns(DECODE()).prefix(3) == ["x px", "y px", "z nm"])
    #expect(columns(DECODE()).contains("background photon/px"))
    #expect(columns(DEFCoN()).isEmpty && columns(SpeNet()).isEmpty)
    #expect(Systems.all.filter { !$0.init().task.givesImages }.map { $0.name } == ["spenet"])
    #expect(throws: NetworkError.self) { try DECODE().checkReadiness() }
    #expect(throws: Never.self) { try DeepSTORM().checkReadiness() }
  }

  @Test func settingsAreChangedByName() throws {
    let system = try DeepSTORM3D().with(
      settings: #"{"dilations": [1, 2], "scaling": {"scale": 1}}"#)
    #expect(system.dilations == [1, 2] && system.scaling.scale == 1 && system.planes == 121)
    let scaled = try DECODE().with(
      settings: #"{"results": {"photons": 900, "z": 750, "background": 120}}"#)
    #expect(scaled.results?.z == 750)
    for (settings, words) in [
      (#"{"planez": 3}"#, "there is no `planez`, only "), ("[]", "`[]` is not a section"),
      ("{", "not JSON"),
      (#"{"scaling": {"shft": 1}}"#, "there is no `shft`, only normalization, scale, shift"),
      (#"{"scaling": 3}"#, "`3` is not a section"),
      (#"{"planes": "many"}"#, "`planes` must be of type Int"),
      (#"{"scaling": {"scale": [1]}}"#, "`scaling.scale` must be of type Float"),
      (
        #"{"scaling": {"normalization": "log"}}"#,
        "`scaling.normalization` does not accept that value"
      ),
    ] {
      let error = #expect(throws: NetworkError.self) { try DeepSTORM3D().with(settings: settings) }
      #expect(error?.description.contains(words) == true, "\(error as Any)")
    }
    // A part of a section leaves the rest as it was, also where the section can be missing.
    let brighter = try scaled.with(settings: #"{"results": {"photons": 1000, "background": null}}"#)
    #expect(brighter.results == DECODE.ResultScale(photons: 1000, z: 750))
    let error = #expect(throws: NetworkError.self) {
      try DECODE().with(settings: #"{"results": {"photons": 900}}"#)
    }
    #expect(error?.description.contains("`results` is missing `z`") == true, "\(error as Any)")
  }

  @Test func unknownNamesAreAnsweredWithTheKnown() {
    let error = #expect(throws: NetworkError.self) { try Systems.named("unet") }
    #expect(error?.description.contains("deepstorm3d") == true)
  }
}

extension DECODE {
  static var small: DECODE {
    var system = DECODE()
    system.features = 4
    return system
  }
}
