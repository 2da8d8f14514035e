import Testing

@testable import Compute

/// A name that is both input and output keeps its value between runs.
@Suite struct StateTests {
  @Test func historyIsWhatEarlierRunsLeft() throws {
    let (radius, frames, channels) = (2, 3, 5)
    var graph = Graph()
    let x = graph.input("frames", TensorType(.float32, frames, 2, 3, channels))
    let history = graph.input("history", TensorType(.float32, 2 * radius, 2, 3, channels))
    let doubled = try graph.apply(Elementwise(.affine(scale: 2, shift: 0)), x)
    let rolled = try graph.apply(RollingWindow(radius: radius), to: [doubled, history])
    graph.output("windows", rolled[0])
    graph.output("history", rolled[1])
    let size = 6 * channels
    for device in Devices.all {
      let plan = try Plan(graph, for: device.info)
      #expect(plan.inputs["history"].map(Plan.Place.arena) == plan.outputs["history"])
      let executable = try device.compile(plan)
      var seen = [Double](repeating: 0, count: 2 * radius * size)
      for batch in 0..<4 {
        let values = (0..<frames * size).map { Float(batch * 1000 + $0) }
        try executable.write("frames", values)
        try executable.run()
        seen += values.map { 2 * Double($0) }
        let windows = try executable.read("windows").values
        for frame in 0..<frames {
          for j in 0...2 * radius {
            let from = (batch * frames + frame + j) * size
            for pixel in 0..<6 {
              let place = ((frame * 6 + pixel) * (2 * radius + 1) + j) * channels
              #expect(
                Array(windows[place..<place + channels])
                  == Array(seen[from + pixel * channels..<from + (pixel + 1) * channels]),
                "\(device.info.name)")
            }
          }
        }
        #expect(try executable.read("history").values == Array(seen.suffix(2 * radius * size)))
      }
      // The host may reset it.
      try executable.write("history", [Float](repeating: 7, count: 2 * radius * size))
      try executable.run()
      #expect(try executable.read("windows").values[0] == 7)
    }
  }
}
