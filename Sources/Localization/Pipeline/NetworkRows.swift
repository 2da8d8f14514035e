import Microscopy
import Networks

<<<<<<< HEAD
/// Emitters of a network as rows of a table: the network's system says what the columns are.
extension NetworkPipeline {
  public var quantities: [Quantity] { columns.map(\.quantity) }
=======
/// Emitters of a network as rows of a table.
extension NetworkStage {
  package var quantities: [Quantity] { columns.map(\.quantity) }
>>>>>>> dcaa80e514109ebf7bfc326e1df09a1e98267dbc

  /// Appends the entries of a list, in the order of frames, rows and columns.
  ///
  /// - Parameter first: frame of the movie that is the stack's first.
  func append(_ list: EmitterList, first: Int, to table: inout Localizations) {
    let order = list.sorted
    table.appendFrames(order.count) { first + list.places[order[$0]].frame }
    for column in columns {
      table.append(order.count, to: column.quantity) { column.value(list, order[$0], origin) }
    }
  }
<<<<<<< HEAD
=======

  /// A column of the table, and its value for a row of the list.
  struct Column: Sendable {
    let quantity: Quantity
    let value: @Sendable (EmitterList, Int) -> Double
  }

  /// A pixel's channel in the unit that `factor` brings it to; what the channel counts from, if it
  /// counts from something.
  private static func column(
    _ quantity: Quantity, _ channel: Int, _ factor: Double = 1,
    from start: @escaping @Sendable (EmitterList.Place) -> Int = { _ in 0 }
  ) -> Column {
    Column(quantity: quantity) { list, row in
      Double(start(list.places[row])) + factor * Double(list.values[row * list.width + channel])
    }
  }

  /// DECODE's channels come after the gathered probability; positions count from the pixel's centre.
  static func columns(of decode: DECODE, origin: (x: Int, y: Int)) -> [Column] {
    let scale = decode.results ?? DECODE.ResultScale(photons: 1, z: 1)
    let light = decode.layout == .authors ? Quantity.background : Self.light
    let (x, y) = decode.xIsFirstAxis ? (4, 3) : (3, 4)
    return [
      column(.x, x) { $0.x + origin.x }, column(.y, y) { $0.y + origin.y },
      column(.z, 5, scale.z), column(.photons, 2, scale.photons),
      column(light, 10, decode.lightScale), column(.xError, x + 4), column(.yError, y + 4),
      column(.zError, 9, scale.z), column(.photonsError, 6, scale.photons),
      column(.probability, 0),
    ]
  }

  /// Photons that emitters gave the row's pixel.
  private static let light = Quantity("pixel_photons", .photonPerPixel)

  /// A peak is its centre of gravity in the result's pixels, and its height.
  static func columns(ofPeaks model: Model, origin: (x: Int, y: Int)) -> [Column] {
    let finer = Double(model.network.magnification)
    func lateral(_ quantity: Quantity, _ channel: Int, _ origin: Int) -> Column {
      let start = 0.5 / finer - 0.5 + model.system.shift + Double(origin)
      return Column(quantity: quantity) { list, row in
        Double(list.values[row * list.width + channel]) / finer + start
      }
    }
    var axial: [Column] = []
    if let volume = model.system as? DeepSTORM3D {
      let step = (volume.depth[1] - volume.depth[0]) / Double(volume.planes)
      axial = [
        Column(quantity: .z) { list, row in
          volume.depth[0] + (Double(list.values[row * list.width + 2]) + 0.5) * step
        }
      ]
    }
    return [lateral(.x, 0, origin.x), lateral(.y, 1, origin.y)] + axial + [column(.score, 3)]
  }
>>>>>>> dcaa80e514109ebf7bfc326e1df09a1e98267dbc
}
