import Containers
import Foundation

/// The external data files of an ONNX model, in which PyTorch by default exports larger tensors.
final class FilesBeside {
  private let folder: String
  private var files: [String: [UInt8]] = [:]
  private var allowances: [String: Allowance] = [:]

  init(_ folder: String) { self.folder = folder }

  /// Bytes of a tensor.
  ///
  /// - Parameters:
  ///   - file: a name, not a path, so that a model cannot choose other files of the machine.
  ///   - offset: a number in the model's decimal text; nil for the file's start.
  func bytes(
    of file: String, from offset: String?, count: Int, tensor: String
  ) throws(FileFault) -> ArraySlice<UInt8> {
    guard !file.isEmpty, file != "..", !file.contains(where: { $0 == "/" || $0 == "\\" }) else {
      throw FileFault("keeps tensor `\(tensor)` in `\(file)`, which is not beside it")
    }
    if files[file] == nil {
      let path = URL(fileURLWithPath: folder).appendingPathComponent(file).path
      let kind =
        try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
      guard kind == .typeRegular else {
        throw FileFault(
          "keeps tensor `\(tensor)` in `\(file)`, which is not beside it",
          hint: "copy that file into the same folder, or export with external_data=False")
      }
      let data = try InputFile.contents(of: path)
      files[file] = data
      allowances[file] = Allowance(file: data.count)
    }
    try allowances[file]!.take(count)
    let whole = files[file]!
    guard let start = Int(offset ?? "0"), start >= 0, start <= whole.count,
      count <= whole.count - start
    else {
      throw FileFault(
        "keeps tensor `\(tensor)` in \(count) bytes of `\(file)` that do not exist",
        hint: "copy both files again; they belong together")
    }
    return whole[start..<start + count]
  }
}
