import Compute
import Foundation
import Localization
import Microscopy
import Optics
import Workflow

// Timings that the README quotes. Medians of several runs after a warm-up; nothing here is a test.
//
//   swift run -c release glint-bench fits [--device NAME] [--threads N] [--spots FILE.f32 --box 7]
//   swift run -c release glint-bench axial [--device NAME] [--threads N] [--box 13]
//   swift run -c release glint-bench detection [--device NAME] [--threads N]
//   swift run -c release glint-bench convolutions [--device NAME] [--threads N]
//   swift run -c release glint-bench networks [--device NAME] [--threads N] [--only PART]
//   [--profile] swift run -c release glint-bench networks --export FOLDER
//   swift build -c release && .build/release/glint-bench memory [--sizes 256,2048] [--only PART]
//     [--memory MIB] [--device NAME] [--glint PROGRAM] [--keep FOLDER]
//   swift run -c release glint-bench localize [--device NAME] [--threads N] [--frames N]

let arguments = Array(CommandLine.arguments.dropFirst())

/// The value after `--name`.
@MainActor func option(_ name: String) -> String? {
  arguments.firstIndex(of: "--\(name)").flatMap {
    $0 + 1 < arguments.count ? arguments[$0 + 1] : nil
  }
}

let usage =
  "usage: glint-bench fits|axial|detection|convolutions|networks|memory|localize [--device NAME]"
  + " [--threads N] …"
let threads = option("threads").flatMap(Int.init)
let runs = option("runs").flatMap(Int.init) ?? 7
do {
  if arguments.first == "networks", let folder = option("export") {
    try NetworkBench.export(to: folder)
    exit(0)
  }
  if arguments.first == "memory" {
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("glint").path
    try MemoryBench(
      glint: option("glint") ?? beside, device: option("device") ?? "cpu",
      sizes: (option("sizes") ?? "256,2048").split(separator: ",").compactMap { Int($0) },
      only: option("only"), memory: option("memory").flatMap(Int.init),
      keep: option("keep")
    ).run()
    exit(0)
  }
  let device = try Devices.named(option("device") ?? "cpu", threads: threads)
  print(
    "\(device.info.name): \(device.info.hardware), \(device.info.units) units, \(device.info.driver)"
  )
  switch arguments.first {
  case "fits":
    try FitBench(
      device: device, runs: runs, file: option("spots"),
      box: option("box").flatMap(Int.init) ?? 7
    ).run()
  case "axial":
    try AxialFitBench(
      device: device, runs: runs, box: option("box").flatMap(Int.init) ?? 13
    ).run()
  case "detection": try DetectionBench(device: device, runs: runs).run()
  case "convolutions": try ConvolutionBench(device: device, runs: runs).run()
  case "networks":
    try NetworkBench(
      device: device, runs: runs, only: option("only"),
      profiling: arguments.contains("--profile")
    ).run()
  case "localize":
    try LocalizeBench(
      device: device, threads: threads, runs: runs,
      frames: option("frames").flatMap(Int.init) ?? 4000
    ).run()
  default:
    print(usage)
    exit(2)
  }
} catch {
  FileHandle.standardError.write(Data("error: \(error)\n".utf8))
  exit(2)
}
