import COpenBLAS

/// OpenBLAS, loaded when a plan first needs it.
enum OpenBLAS {
  /// Why the system's OpenBLAS is not usable; nil if it is.
  static let obstacle = obstacle(library: "libopenblas.so.0")

  /// Loads the library; returns the reason if that fails.
  static func obstacle(library: String) -> String? {
    glint_openblas_load(library).map { String(cString: $0) }
  }
}
