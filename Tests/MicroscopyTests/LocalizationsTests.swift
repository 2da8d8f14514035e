import Microscopy
import Testing

@Suite struct LocalizationsTests {
  private static var table: Localizations {
    var table = Localizations(field: FieldOfView(width: 64, height: 32))
    table.frame = [4, 5, 6]
    table[.x] = [1, 2, 3]
    table[.photons] = [10, 20, 30]
    return table
  }

  @Test func columnsKeepTheirOrder() {
    var table = Self.table
    #expect(table.count == 3 && table.quantities == [.x, .photons] && table[.y] == nil)
    table[.x]?[1] = 7
    #expect(table[.x] == [1, 7, 3])
    table[.x] = nil
    table[.z] = nil
    table[.z] = [0, 0, 1]
    #expect(table.quantities == [.photons, .z] && table[.photons] == [10, 20, 30])
    // A column is its name and its unit.
    #expect(table[Quantity("photons", .none)] == nil)
  }

  @Test func rowsAreSelectedInTheGivenOrder() {
    let part = Self.table.selecting([2, 0, 2])
    #expect(part.frame == [6, 4, 6] && part[.x] == [3, 1, 3] && part[.photons] == [30, 10, 30])
    #expect(part.field == Self.table.field)
    #expect(Self.table.selecting([]).quantities == [.x, .photons])
  }

  @Test func rowsAreAppendedAndRemoved() {
    var table = Self.table
    table.appendFrames(2) { 7 + $0 }
    table.append(2, to: .x) { Double($0) }
    table.append(2, to: .photons) { _ in 5 }
    #expect(table.frame == [4, 5, 6, 7, 8] && table[.x] == [1, 2, 3, 0, 1])
    #expect(table[.photons] == [10, 20, 30, 5, 5])
    table.removeAllRows()
    #expect(table.count == 0 && table[.x] == [] && table.quantities == [.x, .photons])
  }
}
