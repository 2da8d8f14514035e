import Compute
import Containers
import Foundation

/// Weight files, recognised by content, not by name.
public enum WeightFile {
  /// Reads a file of any kind: safetensors, PyTorch (zip, legacy, whole object), Keras HDF5, NumPy
  /// npz, ONNX. Nothing in a file is ever executed.
  ///
  /// Throws `WeightError` if the file cannot be opened, is of no known kind, is damaged, or calls a
  /// function.
  public static func read(_ path: String) throws(WeightError) -> Weights {
    let bytes: [UInt8]
    do { bytes = try InputFile.contents(of: path) } catch {
      throw .unreadable(path: path, reason: "it \(error.words)", hint: error.hint)
    }
    return try decode(bytes, path: path)
  }

  /// Whether the file is an HDF5 file.
  package static func isHDF5(_ path: String) -> Bool {
    guard let head = try? InputFile(path).bytes(at: 0, count: 4096) else { return false }
    return HDF5File.recognizes(head)
  }

  /// The same for bytes in memory; `path` is used in messages.
  package static func decode(_ bytes: [UInt8], path: String) throws(WeightError) -> Weights {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard let reader = readers(folder).first(where: { $0.recognizes(bytes) }) else {
      throw .unknownKind(path: path)
    }
    do {
      return try reader.decode(bytes)
    } catch let fault as FileFault where fault.kind == .unreadable {
      throw .unreadable(path: path, reason: "it \(fault.words)", hint: fault.hint)
    } catch let fault as FileFault {
      throw .damaged(path: path, reason: fault.reason, byte: fault.byte, hint: fault.hint)
    } catch let refusal as RefusedGlobal {
      throw .refused(path: path, global: refusal.name)
    } catch {
      throw .damaged(path: path, reason: "\(error)", byte: nil)
    }
  }

  private struct Reader {
    let recognizes: ([UInt8]) -> Bool
    let decode: ([UInt8]) throws -> Weights
  }

  /// Kinds with a signature come first; safetensors and ONNX have none and are recognised by
  /// structure.
  private static func readers(_ folder: String) -> [Reader] {
    [
      Reader(recognizes: HDF5File.recognizes, decode: KerasWeights.decode),
      Reader(recognizes: ZipArchive.recognizes, decode: decodeZip),
      Reader(recognizes: PyTorchFile.recognizes, decode: PyTorchFile.decodeLegacy),
      Reader(recognizes: SafeTensors.recognizes, decode: SafeTensors.decode),
      Reader(
        recognizes: ONNXModel.recognizes, decode: { try ONNXModel($0, folder: folder).weights }),
    ]
  }

  private static func decodeZip(_ bytes: [UInt8]) throws -> Weights {
    let archive = try ZipArchive(bytes)
    if let pickle = archive.members.first(where: { $0.name.hasSuffix("/data.pkl") }) {
      return try PyTorchFile.decodeZip(archive, pickle: pickle)
    }
    if let keras = archive[KerasWeights.member] {
      return try KerasWeights.decode(try archive.read(keras))
    }
    let arrays = archive.members.filter { $0.name.hasSuffix(".npy") }
    guard !arrays.isEmpty else {
      let names = archive.members.prefix(3).map { "`\($0.name)`" }.joined(separator: ", ")
      throw FileFault(
        "is a zip archive of neither PyTorch (data.pkl), NumPy (*.npy) nor Keras "
          + "(\(KerasWeights.member)): it holds \(names.isEmpty ? "nothing" : names)",
        hint: "extract an archive of several files; save a state_dict or ONNX instead of a program")
    }
    var tensors: [String: Tensor] = [:]
    for member in arrays {
      let array = try NumPyArray(try archive.read(member), name: member.name)
      tensors[String(member.name.dropLast(4))] = Tensor(array.values, shape: array.shape)
    }
    return Weights(tensors)
  }
}
