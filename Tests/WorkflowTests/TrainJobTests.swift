import Compute
import Formats
import Foundation
import Localization
import Microscopy
import Networks
import Optics
import Reporting
import TestSupport
import Testing

@testable import Workflow

/// A training from a recipe to a model, interrupted and continued.
@Suite struct TrainJobTests {
  /// A small DECODE on small frames.
  private func recipe(in folder: URL, _ more: String = "") throws -> TrainingRecipe {
    let path = folder.appendingPathComponent("recipe.yaml").path
    let text = """
      network: decode
      settings:
        features: 4
        stabilised: true
        disabled: [3]
        results: {photons: 4000, z: 1000}
      training:
        rate: 2e-3
        schedule: constant
        steps: 60
        validation: {every: 20, batches: 2}
        examples: {height: 16, width: 16, movies: 3, length: 4, photons: {from: 2000, to: 3000}}
      \(more)
      """
    try text.replacingOccurrences(of: "schedule: constant", with: "schedule: {constant: {}}").write(
      toFile: path, atomically: true, encoding: .utf8)
    return try TrainingRecipe(reading: path)
  }

  /// Cancels after some steps.
  private final class Stop: Observer, @unchecked Sendable {
    let cancellation = Cancellation()
    let step: Int
    private(set) var notes: [String] = []

    init(at step: Int) { self.step = step }

    func note(_ line: Message) { notes.append(line.text()) }
    func progress(_ progress: RunProgress) { if progress.done == step { cancellation.cancel() } }
  }

  @Test func anInterruptedTrainingGivesTheSameModel() throws {
    try withScratchFolder { folder in
      let recipe = try recipe(in: folder)
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let whole = try TrainJob(recipe, output: path("a.safetensors"), on: CPUDevice()).run()
      #expect(whole.steps == 60 && whole.scores?.jaccard != nil && whole.restarts == 0)
      for step in [27, 41] {
        let stop = Stop(at: step)
        let resumes = step > 27
        #expect(throws: (any Error).self) {
          try TrainJob(
            recipe, output: path("b.safetensors"), on: CPUDevice(), resumes: resumes,
            observer: stop, cancellation: stop.cancellation
          ).run()
        }
        #expect(stop.notes.contains { $0.contains("stopped after \(step) of 60") })
      }
      let rest = try TrainJob(
        recipe, output: path("b.safetensors"), on: CPUDevice(), resumes: true
      ).run()
      #expect(rest.steps == 60)
      func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: path(name)))
      }
      #expect(try bytes("a.safetensors") == bytes("b.safetensors"))
      #expect(try bytes("a.safetensors.checkpoint") == bytes("b.safetensors.checkpoint"))
      let log = try String(contentsOfFile: path("b.safetensors.log.csv"), encoding: .utf8)
      #expect(
        log.split(separator: "\n").map { $0.prefix { $0 != "," } } == [
          "step", "0", "20", "40", "60",
        ])
      #expect(FileManager.default.fileExists(atPath: path("b.safetensors.png")))
    }
  }

  /// A learning rate that destroys the network is noticed, and lowered.
  @Test func divergenceIsToldAndMended() throws {
    try withScratchFolder { folder in
      var recipe = try recipe(in: folder)
      recipe.training.rule = .sgd(momentum: 0.9)
      recipe.training.clip = nil
      recipe.training.rate = 1
      let stop = Stop(at: -1)
      let path = folder.appendingPathComponent("m.safetensors").path
      do {
        let report = try TrainJob(recipe, output: path, on: CPUDevice(), observer: stop).run()
        #expect(report.restarts > 0)
      } catch let error as TrainingError {
        guard case .diverged = error else { throw error }
      }
      #expect(stop.notes.contains { $0.contains("with half the learning rate") })
    }
  }

  /// The model of a training runs on a movie: it divides by the movie's own noise.
  @Test func theModelLocalizes() throws {
    try withScratchFolder { folder in
      var recipe = try recipe(in: folder)
      recipe.training.steps = 20
      let path = folder.appendingPathComponent("m.safetensors").path
      _ = try TrainJob(recipe, output: path, on: CPUDevice()).run()
      let model = try Model(reading: path)
      #expect(model.record?.examples == recipe.training.examples)
      var run = Recipe()
      run.network = NetworkSettings(weights: path)
      run.network?.threshold = 0.05
      run.pixelSize = 100
      run.camera = Camera(offset: 100, gain: 2)
      let movie = try smallMovie()
      let output = folder.appendingPathComponent("t.csv").path
      let report = try LocalizeJob(
        source: movie, recipe: run, maps: nil, devices: [CPUDevice()], outputs: [output],
        acceptsCamera: true
      ).run()
      #expect(report.notes.contains { $0.hasPrefix("the background is") })
      #expect(report.recipe.network?.level ?? 0 > 0)
      // The measured level is in the recipe, so that it is not measured again.
      var again = report.recipe
      again.network?.level = 37
      let second = folder.appendingPathComponent("u.csv").path
      let repeated = try LocalizeJob(
        source: movie, recipe: again, maps: nil, devices: [CPUDevice()], outputs: [second],
        acceptsCamera: true
      ).run()
      #expect(!repeated.notes.contains { $0.hasPrefix("the background is") })
      #expect(repeated.recipe.network?.level == 37)
    }
  }

  /// A calibration with a spline, and maps of a sensor of 40×24 px.
  private func files(in folder: URL) throws -> (psf: String, camera: String) {
    let (psf, camera) = (
      folder.appendingPathComponent("psf.hdf5").path,
      folder.appendingPathComponent("it's camera.hdf5").path
    )
    try CalibrationFiles.write(
      .spline(
        SplinePSF(
          sampling: RotatingLobes(sigma: 1), side: 21, zStep: 50, zRange: -300...300,
          pixelSize: 100)), to: psf)
    try CameraFiles.write(
      SensorVariation().maps(
        around: Camera(gain: 2, readNoise: 1.5), width: 40, height: 24, seed: 3),
      to: camera)
    return (psf, camera)
  }

  /// The PSF and the maps of the user are read, the training runs, and the model names them.
  @Test func aTrainingUsesTheFilesOfTheUser() throws {
    try withScratchFolder { folder in
      let (psf, camera) = try files(in: folder)
      let text = """
        network: decode
        settings: {features: 4, stabilised: true, results: {photons: 4000, z: 1000}}
        training:
          steps: 20
          validation: {every: 20, batches: 1}
          examples:
            height: 24
            width: 24
            movies: 3
            length: 4
            psf: {file: \(psf)}
            camera: "\(camera)"
            hotPixels: {share: 0.01, variance: {from: 20, to: 400}}
        """
      let path = folder.appendingPathComponent("recipe.yaml").path
      func recipe(_ text: String) throws -> TrainingRecipe {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try TrainingRecipe(reading: path)
      }
      let own = try recipe(text)
      let model = folder.appendingPathComponent("m.safetensors").path
      let report = try TrainJob(own, output: model, on: CPUDevice()).run()
      #expect(report.scores?.overBound?.isFinite != false)
      let examples = try #require(try Model(reading: model).record?.examples)
      #expect(examples == own.training.examples)
      guard case .file(let kept) = examples.psf else {
        Issue.record("the PSF is \(examples.psf)")
        return
      }
      #expect(kept.path == psf && kept.checksum != nil && kept.content == nil)
      #expect(examples.camera?.path == camera)
      // The median of maps around 1.5 electrons.
      #expect(abs(examples.readVariance.from - 2.25) < 0.3)
      func refusal(_ text: String) -> String {
        do {
          try recipe(text).check()
          return ""
        } catch { return "\((error as? any Fault)?.message.description ?? "\(error)")" }
      }
      #expect(refusal(text) == "")
      let missing = folder.appendingPathComponent("none").path
      #expect(refusal(text.replacing(psf, with: missing)).contains(missing))
      #expect(refusal(text.replacing(camera, with: missing)).contains(missing))
      #expect(refusal(text.replacing("height: 24", with: "height: 32")).contains("40×24"))
      #expect(refusal(text.replacing("share: 0.01", with: "share: 2")).contains("share"))
      #expect(
        refusal(text.replacing("{file: \(psf)}", with: "{file: {path: \(psf), crc32: 1}}"))
          .contains("CRC-32"))
      let other = folder.appendingPathComponent("camera.yaml").path
      try "gain: 2".write(toFile: other, atomically: true, encoding: .utf8)
      #expect(refusal(text.replacing(camera, with: other)).contains("has no maps"))
    }
  }

  @Test func aRecipeIsRefusedBySection() throws {
    try withScratchFolder { folder in
      _ = #expect(throws: SettingsError.self) { try recipe(in: folder, "colour: red") }
    }
  }

  /// A network of classes is scored by its accuracy.
  @Test func spectraAreLearned() throws {
    try withScratchFolder { folder in
      func recipe(_ width: Int) throws -> TrainingRecipe {
        let path = folder.appendingPathComponent("spectra.yaml").path
        let text = """
          network: spenet
          training:
            steps: 60
            validation: {every: 20, batches: 2}
            examples: {width: \(width), movies: 32, spectra: {heterogeneity: 1}}
          """
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return try TrainingRecipe(reading: path)
      }
      let model = folder.appendingPathComponent("a.safetensors").path
      let report = try TrainJob(recipe(201), output: model, on: CPUDevice()).run()
      #expect((report.scores?.accuracy ?? 0) > 0.7 && report.scores?.jaccard == nil)
      let log = try String(contentsOfFile: model + ".log.csv", encoding: .utf8)
      #expect(log.hasPrefix("step,") && log.contains(",accuracy,"))
      #expect(throws: SettingsError.self) {
        try TrainJob(recipe(200), output: model, on: CPUDevice(), overwrite: true).run()
      }
      let classes = try Model(reading: model, system: "spenet").system.task
      guard case .crop(let names) = classes else {
        Issue.record("the model gives no classes")
        return
      }
      #expect(names == SpeNet().classes)
    }
  }

  /// A log of a version with other columns is continued, not dropped.
  @Test func logsOfOtherVersionsAreContinued() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "log-\(UUID().uuidString).csv")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("step,validation_loss,j250,rate,count\n20,5,0.5,0.001,7\n40,4,0.6,0.001,6\n".utf8)
      .write(to: file)
    let log = try TrainingLog(file.path, terms: ["count"], continuing: 30)
    try #require(log.entries.count == 1)
    #expect(log.entries[0].scores.step == 20 && log.entries[0].scores.jaccard == 0.5)
    #expect(log.entries[0].terms["count"] == 7 && log.entries[0].scores.accuracy == nil)
    #expect(log.text.contains("\n20,,,,0.001,,5,0.5,"))
  }
}
