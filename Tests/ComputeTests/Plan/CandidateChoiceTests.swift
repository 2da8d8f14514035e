import CPUKernels
import Compute
import TestSupport
import Testing

/// An op with three CPU candidates: one declines small inputs, one is plain, one is for comparison.
private struct Choosy: NotDifferentiable {
  static let name = "choosy"
  static var samples: [Sample] { [] }
  func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] { [inputs[0]] }
  func reference(_ inputs: [Reference]) -> [Reference] { inputs }

  private static func launch(_ site: Site) -> Lowering<CPULaunch> {
    .launches([
      CPULaunch(
        glint_cpu_add, glint_no_params(),
        .init(left: .input(0), right: .input(0), out: .output(0)),
        items: .fixed(site.inputs[0].count))
    ])
  }

  var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("large") { site in
        site.inputs[0].count < 100 ? .declined("fewer than 100 elements") : Self.launch(site)
      },
      Candidate("plain", lower: Self.launch),
      Candidate("other", lower: Self.launch),
    ]
  }

  var openCL: [Candidate<OpenCLLaunch>] { [] }
}

@Suite struct CandidateChoiceTests {
  private func graph(_ count: Int) throws -> Graph {
    var graph = Graph()
    graph.output("y", try graph.apply(Choosy(), graph.input("x", TensorType(.float32, count))))
    return graph
  }
  private let cpu = CPUDevice().info

  @Test func theFirstThatAppliesWins() throws {
    #expect(try Plan(graph(100), for: cpu).explain().contains("[large]"))
  }

  @Test func whyABetterOneDeclinedIsKeptAndPrinted() throws {
    let text = try Plan(graph(99), for: cpu).explain()
    #expect(text.contains("[plain]"))
    #expect(text.contains("declined large: fewer than 100 elements"))
  }

  @Test func aNameForcesACandidate() throws {
    let text = try Plan(graph(100), for: cpu, forcing: ["choosy": "other"]).explain()
    #expect(text.contains("[other]"))
    #expect(!text.contains("declined"))
  }

  @Test func aForcedOneThatDeclinesIsAnError() throws {
    let error = #expect(throws: PlanError.self) {
      try Plan(graph(99), for: cpu, forcing: ["choosy": "large"])
    }
    #expect(error?.declined == ["large: fewer than 100 elements"])
    #expect(
      error?.description
        == "candidate `large` of choosy cannot be planned on cpu: large: fewer than 100 elements")
  }

  @Test func anUnknownNameListsTheKnownOnes() throws {
    let error = #expect(throws: PlanError.self) {
      try Plan(graph(99), for: cpu, forcing: ["choosy": "winograd"])
    }
    #expect(error?.description.contains("the candidates are large, plain, other") == true)
  }

  @Test func nothingAppliesIsAnError() throws {
    var graph = Graph()
    let x = graph.input("x", TensorType(.float32, 3))
    graph.output("y", try graph.apply(FaultyAdd(.declines), x, x))
    let error = #expect(throws: PlanError.self) { try Plan(graph, for: cpu) }
    #expect(error?.declined == ["vector: it never applies"])
  }
}
