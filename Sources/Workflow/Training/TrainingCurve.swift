import Formats

/// A picture of a training: loss, Jaccard indices or accuracy, and errors over bound
/// and over σ.
struct TrainingCurve {
  let entries: [TrainingLog.Entry]

  var picture: ColourPicture {
    let steps = entries.map { Double($0.scores.step) }
    func score(_ path: KeyPath<TrainingScores, Double?>) -> [Double] {
      entries.map { $0.scores[keyPath: path] ?? .nan }
    }
    let plots = [
      LinePlot(
        title: "loss", xLabel: "step", yLabel: "",
        series: [
          .init(name: "training", ink: .grey, x: steps, y: entries.map(\.loss)),
          .init(name: "validation", ink: .blue, x: steps, y: entries.map(\.scores.loss)),
        ], outliers: 0.05),
      LinePlot(
        title: "Jaccard index", xLabel: "step", yLabel: "",
        series: [
          .init(name: "250 nm", ink: .blue, x: steps, y: score(\.jaccard)),
          .init(name: "100 nm", ink: .green, x: steps, y: score(\.closeJaccard)),
          .init(name: "chance", ink: .grey, x: steps, y: score(\.chance)),
        ], yRange: 0...1),
      LinePlot(
        title: "accuracy", xLabel: "step", yLabel: "",
        series: [.init(name: "", ink: .blue, x: steps, y: score(\.accuracy))], yRange: 0...1),
      LinePlot(
        title: "error", xLabel: "step", yLabel: "",
        series: [
          .init(name: "/ √CRLB", ink: .orange, x: steps, y: score(\.overBound)),
          .init(name: "/ σ", ink: .green, x: steps, y: score(\.overSigma)),
        ], yRange: 0...4),
    ].filter { plot in plot.series.contains { $0.y.contains(where: \.isFinite) } }
    let (width, height) = (440, 330)
    var canvas = Canvas(width: max(plots.count, 1) * width, height: height)
    for (index, plot) in plots.enumerated() {
      plot.draw(on: &canvas, x: index * width, y: 0, width: width, height: height)
    }
    return canvas.picture
  }
}
