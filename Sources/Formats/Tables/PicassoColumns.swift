import CHDF5
import Microscopy

/// Names and element types of Picasso's localization records.
enum PicassoColumns {
  /// Picasso's names for quantities.
  static let names: [(quantity: Quantity, name: String)] = [
    (.x, "x"), (.y, "y"), (.photons, "photons"), (.sigmaX, "sx"), (.sigmaY, "sy"),
    (.background, "bg"), (.xError, "lpx"), (.yError, "lpy"), (.z, "z"), (.zError, "lpz"),
    (.photonsError, "photons_unc"), (.backgroundError, "bg_unc"), (.sigmaXError, "sx_unc"),
    (.sigmaYError, "sy_unc"), (.detections, "n"),
  ]

  /// A field of an output record.
  struct Field {
    enum Content {
      case frame
      case value(Quantity)
      /// (a − b) / a, where a is the larger of the two widths.
      case ellipticity
    }
    enum Element { case float32, uint32, int32, int64 }

    var name: String
    var content: Content
    var element = Element.float32
    var bytes: Int { element == .int64 ? 8 : 4 }

    var type: hid_t {
      switch element {
      case .float32: return glint_h5_f32le()
      case .uint32: return glint_h5_u32le()
      case .int32: return glint_h5_i32le()
      case .int64: return glint_h5_i64le()
      }
    }
  }

  /// Picasso's fields in its order, then the others in table order. A single width is used for both
  /// axes.
  static func layout(_ quantities: [Quantity]) -> [Field] {
    let present = Set(quantities)
    var fields = [Field(name: "frame", content: .frame, element: .uint32)]
    for (quantity, name) in names {
      if present.contains(quantity) {
        fields.append(Field(name: name, content: .value(quantity), element: element(of: quantity)))
      } else if quantity == .sigmaY, present.contains(.sigmaX) {
        fields.append(Field(name: name, content: .value(.sigmaX)))
      } else if quantity == .sigmaYError, present.contains(.sigmaXError) {
        fields.append(Field(name: name, content: .value(.sigmaXError)))
      }
      if quantity == .yError, present.contains(.sigmaX), !hasEllipticity(quantities) {
        fields.append(Field(name: "ellipticity", content: .ellipticity))
      }
    }
    let placed = Set(names.map(\.quantity))
    for quantity in quantities where !placed.contains(quantity) {
      fields.append(
        Field(name: quantity.name, content: .value(quantity), element: element(of: quantity)))
    }
    return fields
  }

  private static func hasEllipticity(_ quantities: [Quantity]) -> Bool {
    quantities.contains { $0.name == "ellipticity" }
  }

  private static func element(of quantity: Quantity) -> Field.Element {
    switch quantity {
    case .iterations: return .uint32
    case .state, .detections: return .int32
    case .id: return .int64
    default: return .float32
    }
  }
}
