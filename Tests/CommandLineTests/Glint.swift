import Formats
import Foundation
import Localization
import Microscopy
import Optics
import TestSupport
import Testing
import Workflow

/// The program as called from a shell, in a separate folder.
struct Shell {
  let folder: URL

  /// Runs `glint` there.
  @discardableResult
  func glint(_ arguments: String..., environment: [String: String] = [:]) throws -> Program {
    try glint(arguments, environment: environment)
  }

  func glint(_ arguments: [String], environment: [String: String] = [:]) throws -> Program {
    try sh(
      "\"$GLINT\" " + arguments.map { "'\($0)'" }.joined(separator: " "), environment: environment)
  }

  /// Runs lines of shell, where `$GLINT` is the program. Its folder is entered on a line of its own, so
  /// that a command in the background does not enter it alone.
  func sh(_ line: String, environment: [String: String] = [:]) throws -> Program {
    try Program.run(
      URL(fileURLWithPath: "/bin/sh"), ["-c", "cd '\(folder.path)' || exit 1\n" + line],
      environment: environment.merging(["GLINT": Program.built("glint").path]) { $1 })
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  var files: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
  }

  func json(_ name: String) throws -> [String: Any] {
    let data = try Data(contentsOf: folder.appendingPathComponent(name))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// Writes `movie.tif`, 24 frames of 56×48 pixels.
  func makeMovie(_ name: String = "movie.tif") throws {
    try writeMovie(path(name), frames: 24)
  }
}

/// Runs `body` in a fresh folder.
func inShell<Result>(_ body: (Shell) throws -> Result) throws -> Result {
  try withScratchFolder { try body(Shell(folder: $0)) }
}

func writeMovie(
  _ path: String, frames: Int, width: Int = 56, height: Int = 48, bigEndian: Bool = false
) throws {
  let movie = try Simulation(
    SimulationSettings(
      width: width, height: height, frames: frames, psf: GaussianPSF(sigma: 1.2),
      blinking: .independent(perFrame: 6), photons: .fixed(photons: 1500),
      camera: Camera(offset: 100, gain: 2, readNoise: 1.5), seed: 7))
  let writer = try TIFFMovieWriter(
    path: path, width: width, height: height, bigEndian: bigEndian, pixelSize: 100)
  var pixels = [UInt16](repeating: 0, count: width * height)
  for frame in 0..<frames {
    pixels.withUnsafeMutableBufferPointer { movie.frame(frame, into: $0) }
    try writer.append(pixels)
  }
  try writer.finish()
}

extension Program {
  /// The errors' first line.
  var complaint: String { String(errors.prefix { $0 != "\n" }) }
}
