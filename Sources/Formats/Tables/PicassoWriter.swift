import CHDF5
import Foundation
import Microscopy

/// Streams Picasso's HDF5 with its YAML.
///
/// Records are written in whole chunks into one extendable dataset `locs`. The metadata follow at
/// the end, as `/metadata` (Picasso from 0.11) and as the sidecar (all versions).
final class PicassoWriter: TableWriter, @unchecked Sendable {
  /// Records per chunk.
  private static let chunk = 4096

  private let path: String
  private var field: FieldOfView
  private let quantities: [Quantity]
  private let fields: [PicassoColumns.Field]
  private let recordBytes: Int
  private let table: StagedFile
  private let notes: StagedFile
  private var file: H5Handle?
  private var dataset: H5Handle?
  private var record: H5Handle?
  private var pending: UnsafeMutableRawBufferPointer
  private var pendingRows = 0
  private var rows = 0
  /// Space for HDF5's own structures, in addition to 1/64 of the data for the chunk index.
  private static let structureBytes = 256 << 10
  /// The largest x, y and frame, which give the field of view if the movie is unknown.
  private var largest = (x: 0.0, y: 0.0, frame: 0)

  init(path: String, field: FieldOfView, quantities: [Quantity], overwrite: Bool) throws {
    try TableError.require([.x, .y], among: quantities, path: path)
    self.path = path
    self.field = field
    self.quantities = quantities
    fields = PicassoColumns.layout(quantities)
    if let twice = Dictionary(grouping: fields, by: \.name).first(where: { $1.count > 1 })?.key {
      throw TableError.unrepresentable(path: path, reason: "two columns are named \(twice)")
    }
    recordBytes = fields.reduce(0) { $0 + $1.bytes }
    table = try StagedFile(path: path, overwrite: overwrite)
    notes = try StagedFile(path: Self.notesPath(beside: path), overwrite: overwrite)
    try notes.reserve(StagedFile.notesBytes)
    pending = .allocate(byteCount: recordBytes * Self.chunk, alignment: 16)
    try HDF5.locked { try create() }
  }

  deinit { pending.deallocate() }

  /// The path of the YAML beside a table.
  static func notesPath(beside path: String) -> String {
    let stem = URL(fileURLWithPath: path).pathExtension.count + 1
    return String(path.dropLast(stem)) + ".yaml"
  }

  private func create() throws {
    let file = try HDF5.create(table, reserving: Self.structureBytes)
    guard let record = H5Handle(H5Tcreate(H5T_COMPOUND, recordBytes), closing: H5Tclose) else {
      throw failure()
    }
    var offset = 0
    for field in fields {
      guard H5Tinsert(record.id, field.name, offset, field.type) >= 0 else {
        throw failure()
      }
      offset += field.bytes
    }
    var (empty, unlimited) = (hsize_t(0), glint_h5_unlimited())
    var chunk = hsize_t(Self.chunk)
    guard let space = H5Handle(H5Screate_simple(1, &empty, &unlimited), closing: H5Sclose),
      let layout = HDF5.properties(glint_h5_dataset_create()),
      H5Pset_chunk(layout.id, 1, &chunk) >= 0,
      let dataset = H5Handle(
        H5Dcreate2(
          file.id, "locs", record.id, space.id, glint_h5_default(), layout.id, glint_h5_default()),
        closing: H5Dclose)
    else { throw failure() }
    (self.file, self.record, self.dataset) = (file, record, dataset)
  }

  func append(_ batch: Localizations) throws {
    try HDF5.locked {
      try TableError.require(quantities, of: batch, path: path)
      // Checked before rows are accepted, so that accepted rows can still be written on a full
      // disk.
      try table.reserve(recordsEnd(rows + pendingRows + batch.count))
      try note(batch)
      var first = 0
      while first < batch.count {
        let last = min(batch.count, first + Self.chunk - pendingRows)
        try pack(batch, first..<last)
        pendingRows += last - first
        first = last
        if pendingRows == Self.chunk { try send() }
      }
    }
  }

  private func note(_ batch: Localizations) throws {
    largest.x = try largest(.x, of: batch, largest.x, isKnown: field.width != nil)
    largest.y = try largest(.y, of: batch, largest.y, isKnown: field.height != nil)
    largest.frame = max(largest.frame, batch.frame.max() ?? 0)
  }

  /// The largest coordinate so far, which gives the size of a movie that is not known. Rows without
  /// a position (NaN) have none.
  private func largest(
    _ quantity: Quantity, of batch: Localizations, _ before: Double, isKnown: Bool
  ) throws -> Double {
    guard !isKnown, let values = batch[quantity] else { return before }
    let largest = values.reduce(before) { $1 > $0 ? $1 : $0 }
    guard largest < Self.widest else {
      let row = values.firstIndex { $0 >= Self.widest } ?? 0
      throw TableError.unrepresentable(
        path: path,
        reason: "\(quantity.name) is \(values[row]) px in row \(rows + pendingRows + row + 1), "
          + "which no movie is wide enough for")
    }
    return largest
  }

  /// No movie has as many pixels along an axis.
  private static let widest = 1e9

  /// Appends rows to the pending ones, column by column.
  private func pack(_ batch: Localizations, _ rows: Range<Int>) throws {
    var offset = pendingRows * recordBytes
    for field in fields {
      switch field.content {
      case .frame: try pack(rows, as: field, at: offset) { Double(batch.frame[$0]) }
      case .value(let quantity):
        let values = batch[quantity]!
        try pack(rows, as: field, at: offset) { values[$0] }
      case .ellipticity:
        let sx = batch[.sigmaX]!
        let sy = batch[.sigmaY] ?? sx
        try pack(rows, as: field, at: offset) { row in
          let larger = max(sx[row], sy[row])
          return (larger - min(sx[row], sy[row])) / larger
        }
      }
      offset += field.bytes
    }
  }

  /// Writes one field of the rows from `start`, one record apart.
  @inline(__always)
  private func pack(
    _ rows: Range<Int>, as field: PicassoColumns.Field, at start: Int, _ value: (Int) -> Double
  ) throws {
    var offset = start
    func whole<T: FixedWidthInteger>(_ value: Double, _: T.Type) throws -> T {
      guard let number = T(exactly: value) else {
        throw TableError.unrepresentable(
          path: path, reason: "\(field.name) \(value) is not a whole number of \(T.bitWidth) bits")
      }
      return number.littleEndian
    }
    switch field.element {
    case .float32:
      for row in rows {
        pending.storeBytes(
          of: Float(value(row)).bitPattern.littleEndian, toByteOffset: offset, as: UInt32.self)
        offset += recordBytes
      }
    case .uint32:
      for row in rows {
        pending.storeBytes(
          of: try whole(value(row), UInt32.self), toByteOffset: offset, as: UInt32.self)
        offset += recordBytes
      }
    case .int32:
      for row in rows {
        pending.storeBytes(
          of: try whole(value(row), Int32.self), toByteOffset: offset, as: Int32.self)
        offset += recordBytes
      }
    case .int64:
      for row in rows {
        pending.storeBytes(
          of: try whole(value(row), Int64.self), toByteOffset: offset, as: Int64.self)
        offset += recordBytes
      }
    }
  }

  /// Appends the pending rows to the dataset as a raw chunk, bypassing the library's conversions
  /// and selections. Only the last chunk of a file is not full.
  private func send() throws {
    guard pendingRows > 0, let dataset else { return }
    let used = pendingRows * recordBytes
    memset(pending.baseAddress! + used, 0, pending.count - used)
    var start = hsize_t(rows)
    var total = hsize_t(rows + pendingRows)
    guard H5Dset_extent(dataset.id, &total) >= 0,
      H5Dwrite_chunk(
        dataset.id, glint_h5_default(), 0, &start, pending.count, pending.baseAddress!) >= 0
    else { throw failure() }
    rows += pendingRows
    pendingRows = 0
  }

  /// An upper bound of the file size for this number of records. Chunks are stored whole.
  private func recordsEnd(_ rows: Int) -> Int {
    let bytes = (rows + Self.chunk - 1) / Self.chunk * Self.chunk * recordBytes
    return bytes + bytes / 64 + Self.structureBytes
  }

  func rename(to path: String) throws {
    try table.rename(to: path)
    try notes.rename(to: Self.notesPath(beside: path))
  }

  func finish(_ provenance: [ProvenanceStep]) throws {
    try HDF5.locked {
      try send()
      // Picasso requires a size; if the movie's is unknown, the smallest that contains every row is
      // used.
      field.width = field.width ?? Int((largest.x + 0.5).rounded(.down)) + 1
      field.height = field.height ?? Int((largest.y + 0.5).rounded(.down)) + 1
      field.frames = field.frames ?? largest.frame + 1
      let units = quantities.filter { Quantity.known[$0.name] != $0 && $0.unit != .none }
      let metadata = PicassoMetadata(
        field: field, provenance: provenance,
        columnUnits: Dictionary(
          units.map { ($0.name, $0.unit.rawValue) }, uniquingKeysWith: { $1 }))
      try writeEmbedded(metadata.json())
      try close()
      try notes.write(Data(metadata.yaml().utf8))
      try StagedFile.commit([notes, table])
    }
  }

  private func writeEmbedded(_ text: String) throws {
    // Half of the space for structures is reserved for this text.
    try table.reserve(recordsEnd(rows) + max(0, text.utf8.count - Self.structureBytes / 2))
    guard let type = H5Handle(H5Tcopy(glint_h5_c_string()), closing: H5Tclose),
      H5Tset_size(type.id, glint_h5_variable()) >= 0, H5Tset_cset(type.id, H5T_CSET_UTF8) >= 0,
      let space = H5Handle(H5Screate(H5S_SCALAR), closing: H5Sclose), let file,
      let creation = HDF5.properties(glint_h5_dataset_create()),
      let dataset = H5Handle(
        H5Dcreate2(
          file.id, "metadata", type.id, space.id, glint_h5_default(), creation.id,
          glint_h5_default()), closing: H5Dclose)
    else { throw failure() }
    let status = text.withCString { bytes in
      var pointer: UnsafePointer<CChar>? = bytes
      return H5Dwrite(
        dataset.id, type.id, glint_h5_all(), glint_h5_all(), glint_h5_default(), &pointer)
    }
    guard status >= 0, dataset.close() else { throw failure() }
  }

  private func close() throws {
    let closed = [dataset, record, file].map { $0?.close() ?? true }
    (dataset, record, file) = (nil, nil, nil)
    guard closed.allSatisfy({ $0 }) else { throw failure() }
    try HDF5.release(table)
  }

  func abandon() {
    HDF5.locked {
      (dataset, record, file) = (nil, nil, nil)
      table.discard()
      notes.discard()
    }
  }

  private func failure() -> OutputError { HDF5.failure(path) }
}
