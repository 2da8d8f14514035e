import Synchronization

/// A tensor that graphs, plans and devices share and know again by what it holds.
///
/// Equal tensors are equal constants, whoever made them. The hash is computed once, when first wanted.
final class Constant: Hashable, Sendable {
  let tensor: Tensor
  private let digest = Mutex<Int?>(nil)

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
