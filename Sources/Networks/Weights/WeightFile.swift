import Compute
import Foundation

/// Files of weights, known by their content, never by their name.
public enum WeightFile {
  /// Reads a file of any kind: safetensors, PyTorch (zip, legacy, whole object), Keras HDF5, NumPy
  /// npz, ONNX. Nothing in a file is ever executed.
  ///
  /// Throws `WeightError`: the file cannot be opened, is of no known kind, is damaged, or asks to run
  /// something.
  public static func read(_ path: String) throws(WeightError) -> Weights {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw .unreadable(path: path, reason: error.localizedDescription)
    }
    return try decode(bytes, path: path)
  }

  /// The same from bytes in memory; `path` is for messages.
  package static func decode(_ bytes: [UInt8], path: String) throws(WeightError) -> Weights {
    guard let reader = readers.first(where: { $0.recognizes(bytes) }) else {
      throw .unknownKind(path: path)
    }
    do {
      return try reader.decode(bytes)
    } catch let fault as FileFault {
      throw .damaged(path: path, reason: fault.reason, byte: fault.byte)
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

  /// The kinds with a signature first; safetensors and ONNX have none and are told by their structure.
  private static var readers: [Reader] {
    [
      Reader(recognizes: HDF5File.recognizes, decode: KerasWeights.decode),
      Reader(recognizes: ZipArchive.recognizes, decode: decodeZip),
      Reader(recognizes: PyTorchFile.recognizes, decode: PyTorchFile.decodeLegacy),
      Reader(recognizes: SafeTensors.recognizes, decode: SafeTensors.decode),
      Reader(recognizes: ONNXModel.recognizes, decode: { try ONNXModel($0).weights }),
    ]
  }

  private static func decodeZip(_ bytes: [UInt8]) throws -> Weights {
    let archive = try ZipArchive(bytes)
    if let pickle = archive.members.first(where: { $0.name.hasSuffix("/data.pkl") }) {
      return try PyTorchFile.decodeZip(archive, pickle: pickle)
    }
    let arrays = archive.members.filter { $0.name.hasSuffix(".npy") }
    guard !arrays.isEmpty else {
      throw FileFault("is a zip archive of neither PyTorch (data.pkl) nor NumPy (*.npy)")
    }
    var tensors: [String: Tensor] = [:]
    for member in arrays {
      let array = try NumPyArray.decode(try archive.read(member), name: member.name)
      tensors[String(member.name.dropLast(4))] = Tensor(array.values, shape: array.shape)
    }
    return Weights(tensors)
  }
}
