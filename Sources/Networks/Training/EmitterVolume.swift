import Compute

/// The voxels of a volume over a frame.
struct VoxelGrid: Hashable {
  /// Voxels in a pixel, along x and along y.
  var finer: Int
  var planes: Int
  /// z of the start of the first plane and the end of the last, nm.
  var depth: ClosedRange<Double>
  /// The first voxel begins at x = y = `start`, px; −½ is the frame's edge.
  var start: Double
}

extension Examples {
  /// The number of targets in each voxel, [frames, height · finer, width · finer, planes].
  ///
  /// Targets outside the volume are left out.
  func volume(_ grid: VoxelGrid, in graph: inout Graph) throws -> Graph.Value {
    let (height, width) = (settings.height * grid.finer, settings.width * grid.finer)
    /// Voxels along an axis whose start is not above the place, [movies, emitters, 1]: 0 before the
    /// first, one too many behind the last.
    func begun(
      _ place: Graph.Value, from start: Double, each size: Double, of count: Int
    ) throws -> Graph.Value {
      let starts = graph.constant(
        Tensor((0...count).map { Float(start + Double($0) * size) }, shape: [1, 1, count + 1]))
      return try graph.apply(
        Reduce(.sum, axes: [2]), graph.apply(Binary(.atMost), starts, place))
    }
    let size = 1 / Double(grid.finer)
    let row = try begun(y, from: grid.start, each: size, of: height)
    let column = try begun(x, from: grid.start, each: size, of: width)
    let step = (grid.depth.upperBound - grid.depth.lowerBound) / Double(grid.planes)
    let plane = try begun(z, from: grid.depth.lowerBound, each: step, of: grid.planes)
    func bound(_ value: Int) -> Graph.Value {
      graph.constant(Tensor([Float(value)], shape: [1, 1, 1]))
    }
    let inside = try graph.apply(
      Binary(.multiply), graph.apply(Binary(.less), bound(0), plane),
      graph.apply(Binary(.atMost), plane, bound(grid.planes)))

    // A row of the volume is drawn as one of an image, in which planes are the finer part of columns.
    // A spot that is much narrower than a pixel lights only one.
    let across = try graph.apply(
      Add(),
      graph.apply(
        Elementwise(
          .affine(scale: Float(grid.planes), shift: Float(-grid.planes))), column),
      graph.apply(Elementwise(.affine(scale: 1, shift: -1)), plane))
    let down = try graph.apply(Elementwise(.affine(scale: 1, shift: -1)), row)
    let widths = try graph.apply(
      Stretch(to: [settings.movies, settings.room, 2]),
      graph.constant(Tensor([0.05], shape: [1, 1, 1])))
    let image = try graph.apply(
      DrawEmitters(height: height, width: width * grid.planes, reach: 1),
      graph.apply(Binary(.multiply), presence(in: &graph), inside),
      graph.apply(Concat(), across, down), widths)
    return try graph.reshaped(image, to: [settings.frames, height, width, grid.planes])
  }
}
