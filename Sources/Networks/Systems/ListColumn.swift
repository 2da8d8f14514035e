import Microscopy

/// A column of the table made from a list of emitters.
package struct ListColumn: Sendable {
  package let quantity: Quantity
  /// The value for a row of the list; `origin` is the movie's pixel at the frames' first pixel.
  package let value:
    @Sendable (_ list: EmitterList, _ row: Int, _ origin: (x: Int, y: Int)) -> Double

  /// One of a row's numbers, converted to a unit by `factor` and added to `start`.
  init(
    _ quantity: Quantity, number: Int, _ factor: Double = 1,
    from start: @escaping @Sendable (EmitterList.Place, (x: Int, y: Int)) -> Int = { _, _ in 0 }
  ) {
    self.quantity = quantity
    value = { list, row, origin in
      Double(start(list.places[row], origin))
        + factor * Double(list.values[row * list.width + number])
    }
  }

  private init(
    _ quantity: Quantity,
    _ value: @escaping @Sendable (EmitterList, Int, (x: Int, y: Int)) -> Double
  ) {
    self.quantity = quantity
    self.value = value
  }

  /// The columns of maxima: centres of gravity in the result's pixels, and heights.
  ///
  /// - Parameters:
  ///   - magnification: how many times finer the result is than the frame.
  ///   - shift: added to x and y, camera pixels, to align the result with the frame.
  ///   - planes: start of a volume's first plane and distance between planes, nm; nil for an image.
  static func ofMaxima(
    magnification: Int, shift: Double = 0, planes: (first: Double, step: Double)? = nil
  ) -> [ListColumn] {
    let finer = Double(magnification)
    let start = 0.5 / finer - 0.5 + shift
    func lateral(
      _ quantity: Quantity, _ number: Int, _ origin: @escaping @Sendable ((x: Int, y: Int)) -> Int
    ) -> ListColumn {
      ListColumn(quantity) {
        Double($0.values[$1 * $0.width + number]) / finer + (start + Double(origin($2)))
      }
    }
    let axial = planes.map { first, step in
      ListColumn(.z) { list, row, _ in
        first + (Double(list.values[row * list.width + 2]) + 0.5) * step
      }
    }
    return [lateral(.x, 0) { $0.x }, lateral(.y, 1) { $0.y }] + [axial].compactMap { $0 }
      + [ListColumn(.score, number: 3)]
  }
}
