import Kernels

/// The OpenCL sources embedded when Glint was built.
enum KernelText {
  private static let sources: [String: String] = {
    var count = 0
    let list = glint_kernel_sources(&count)
    var result: [String: String] = [:]
    for index in 0..<count {
      let source = list![index]
      result[String(cString: source.name)] = String(cString: source.text)
    }
    return result
  }()

  /// The embedded text of a file.
  static func file(_ name: String) -> String? { sources[name] }

  /// A file's text, preceded by the defines, with each `#include "shared/…"` replaced by that file
  /// the first time it appears. `#line` makes build logs refer to the original files and lines.
  static func assemble(_ file: String, defines: [String: String]) -> String? {
    var text = defines.sorted { $0.key < $1.key }.map { "#define \($0.key) \($0.value)\n" }.joined()
    var included: Set<String> = []
    return append(file, to: &text, included: &included) ? text : nil
  }

  private static func append(
    _ file: String, to text: inout String, included: inout Set<String>
  ) -> Bool {
    guard included.insert(file).inserted else { return true }
    guard let source = sources[file] else { return false }
    text += "#line 1 \"\(file)\"\n"
    for (number, line) in source.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      if line.hasPrefix("#include \""), let name = line.split(separator: "\"").dropFirst().first {
        let path = name.contains("/") ? String(name) : "shared/\(name)"
        guard append(path, to: &text, included: &included) else { return false }
        text += "#line \(number + 2) \"\(file)\"\n"
      } else {
        text += line
        text += "\n"
      }
    }
    return true
  }
}
