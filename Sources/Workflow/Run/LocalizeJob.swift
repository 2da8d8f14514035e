import Compute
import Formats
import Foundation
import Localization
import Microscopy

/// A whole localization: checks, outputs, run, report. What `glint localize` does.
public struct LocalizeJob {
  let movie: any Movie
  let recipe: Recipe
  let maps: CameraMaps?
  let device: any Device
  let threads: Int?
  let outputs: [String]
  let reportPath: String?
  let overwrite: Bool
  let batch: Int?
  let quiet: Bool

  /// - Parameters:
  ///   - maps: as large as the movie's frame, or as its region of interest.
  ///   - outputs: table files; their extension tells their kind.
  ///   - report: a JSON file for the run's figures.
  public init(
    source movie: any Movie, recipe: Recipe, maps: CameraMaps?, device: any Device, threads: Int?,
    outputs: [String], report: String?, overwrite: Bool, batch: Int?, quiet: Bool
  ) {
    self.movie = movie
    self.recipe = recipe
    self.maps = maps
    self.device = device
    self.threads = threads
    self.outputs = outputs
    reportPath = report
    self.overwrite = overwrite
    self.batch = batch
    self.quiet = quiet
  }

  /// Runs it. Outputs appear under their names only when they are complete; after an interruption or
  /// a failure the frames that are safe stay under a name with `.partial` in it.
  public func run() throws -> LocalizeReport {
    let region = try region()
    let frames = try frames()
    let run = try LocalizeRun(
      movie, recipe: recipe, maps: try croppedMaps(to: region), frames: frames, region: region,
      device: device, threads: threads, batch: batch, note: Self.tell)
    for line in movie.info.notes { Self.tell(line) }
    let field = FieldOfView(
      width: movie.info.width, height: movie.info.height, frames: movie.info.frames,
      pixelSize: recipe.pixelSize)
    // The report's name is claimed before the work, not found taken after it.
    let reportFile = try reportPath.map { try StagedFile(path: $0, overwrite: overwrite) }
    var writers: [any TableWriter] = []
    do {
      for path in outputs {
        writers.append(
          try Tables.writer(
            path: path, field: field, quantities: run.quantities, overwrite: overwrite))
      }
    } catch {
      writers.forEach { $0.abandon() }
      throw error
    }
    Interrupt.listen()
    let report: LocalizeReport
    do {
      report = try run.run(
        into: writers, progress: Progress(total: frames.count, unit: "frames", quiet: quiet))
    } catch {
      try keep(writers, safe: run.framesSafe, of: frames)
      throw error
    }
    if report.interrupted {
      try keep(writers, safe: report.frames, of: frames)
    } else {
      for writer in writers { try writer.finish([provenance(report.device)]) }
    }
    if let reportFile {
      try report.json().write(to: URL(fileURLWithPath: reportFile.temporary))
      try reportFile.commit()
    }
    return report
  }

  /// Completes what there is under a partial name, and says how far it goes.
  private func keep(_ writers: [any TableWriter], safe: Int, of frames: Range<Int>) throws {
    guard safe > 0 else {
      writers.forEach { $0.abandon() }
      Self.tell("stopped: no frame is complete, nothing was kept")
      return
    }
    for (writer, path) in zip(writers, outputs) {
      let url = URL(fileURLWithPath: path)
      let partial = url.deletingPathExtension().path + ".partial.\(url.pathExtension)"
      do {
        try writer.rename(to: partial)
        try writer.finish([provenance("stopped")])
        Self.tell(
          "stopped: frames \(frames.lowerBound)..<\(frames.lowerBound + safe) are safe in \(partial)")
      } catch {
        writer.abandon()
        Self.tell("stopped: nothing could be kept of \(path): \(error)")
      }
    }
  }

  private func provenance(_ device: String) throws -> ProvenanceStep {
    ProvenanceStep(
      program: "Glint", version: glintVersion, action: "localize", device: device,
      settings: [
        "recipe": try recipe.yaml(),
        "movie": movie.info.files.first ?? movie.info.format,
        "convention": "see the file's format",
      ])
  }

  private func region() throws(SettingsError) -> PixelRegion {
    let info = movie.info
    guard !recipe.roi.isEmpty else {
      return PixelRegion(x: 0, y: 0, width: info.width, height: info.height)
    }
    let roi = recipe.roi
    guard roi.count == 4, roi[0] >= 0, roi[1] >= 0, roi[2] > 0, roi[3] > 0,
      roi[0] + roi[2] <= info.width, roi[1] + roi[3] <= info.height
    else {
      throw SettingsError(
        "the region \(roi) is not inside the frame of \(info.width)×\(info.height) px",
        hint: "--roi X,Y,W,H counts from 0; X + W is at most \(info.width)")
    }
    return PixelRegion(x: roi[0], y: roi[1], width: roi[2], height: roi[3])
  }

  private func frames() throws(SettingsError) -> Range<Int> {
    let count = movie.info.frames
    let end = recipe.endFrame < 0 ? count : recipe.endFrame
    guard recipe.firstFrame >= 0, recipe.firstFrame < end, end <= count else {
      throw SettingsError(
        "frames \(recipe.firstFrame):\(end) are not in the movie, which has \(count)",
        hint: "--frames A:B counts from 0; B is at most \(count)")
    }
    return recipe.firstFrame..<end
  }

  private func croppedMaps(to region: PixelRegion) throws(SettingsError) -> CameraMaps? {
    guard let maps else { return nil }
    if maps.width == movie.info.width, maps.height == movie.info.height {
      return maps.cropped(to: region)
    }
    if maps.width == region.width, maps.height == region.height { return maps }
    throw SettingsError(
      "the camera maps are \(maps.width)×\(maps.height) px, the movie \(movie.info.width)×\(movie.info.height)",
      hint: "crop the maps with the region of the sensor that the camera recorded")
  }

  static func tell(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}
