import COpenBLAS

/// OpenBLAS, loaded when a plan first wants it.
enum OpenBLAS {
  /// Why the system's cannot be used; nil where it can.
  static let obstacle = obstacle(library: "libopenblas.so.0")

  /// Loads the library; says why, where that fails.
  static func obstacle(library: String) -> String? {
    glint_openblas_load(library).map { String(cString: $0) }
  }
}
