import Reporting

/// A tensor that graphs, plans and devices share and recognise by its content.
///
/// Tensors with equal content are equal constants. The hash is computed once, when first needed.
final class Constant: Hashable, Sendable {
  let tensor: Tensor
  private let digest = Guarded<Int?>(nil)

  init(_ tensor: Tensor) { self.tensor = tensor }

  static func == (first: Constant, second: Constant) -> Bool {
    first === second || first.hash == second.hash && first.tensor == second.tensor
  }

  func hash(into hasher: inout Hasher) { hasher.combine(hash) }

  private var hash: Int {
    digest.withLock { digest in
      if let digest { return digest }
      var hasher = Hasher()
      hasher.combine(tensor.type)
      tensor.bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
      let value = hasher.finalize()
      digest = value
      return value
    }
  }
}
