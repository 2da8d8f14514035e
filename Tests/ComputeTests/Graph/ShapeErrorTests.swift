import Compute
import Testing

@Suite struct ShapeErrorTests {
  @Test func sumOfTwoShapes() {
    var graph = Graph()
    let a = graph.input("a", TensorType(.float32, 3, 4))
    let b = graph.input("b", TensorType(.float32, 4, 3))
    let error = #expect(throws: ShapeError.self) { try graph.apply(Add(), a, b) }
    #expect(error?.op == "add")
    #expect(
      error?.description
        == "add: takes two float32 tensors of one shape, not [float32[3×4], float32[4×3]]")
    #expect(graph.ops.isEmpty, "a refused op must not stay in the graph")
  }

  @Test func wrongElement() {
    var graph = Graph()
    let a = graph.input("a", TensorType(.int32, 5))
    #expect(throws: ShapeError.self) { try graph.apply(Elementwise(.atLeast(0)), a) }
    #expect(throws: ShapeError.self) { try graph.apply(Add(), a, a) }
  }

  @Test func wrongNumberOfInputs() {
    var graph = Graph()
    let a = graph.input("a", TensorType(.float32, 5))
    #expect(throws: ShapeError.self) { try graph.apply(Add(), a) }
    #expect(throws: ShapeError.self) { try graph.apply(Elementwise(.atLeast(0)), a, a) }
  }

  @Test func mapsOfAnotherSizeSayWhatToDo() {
    var graph = Graph()
    let frames = graph.input("frames", TensorType(.uint16, 2, 8, 9))
    let map = graph.input("map", TensorType(.float32, 8, 8))
    let error = #expect(throws: ShapeError.self) {
      try graph.apply(Calibrate(), frames, map, map)
    }
    let text = error.map { "\($0)" } ?? ""
    #expect(text.contains("float32[8×8]") && text.contains("float32[8×9]"))
    #expect(text.contains("\nhint: "))
  }
}
