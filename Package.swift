// swift-tools-version: 6.0
import PackageDescription

let package = Package(
  name: "Glint",
  products: [
    .executable(name: "glint", targets: ["glint"]),
    .executable(name: "glint-parity", targets: ["glint-parity"]),
    .library(
      name: "Glint",
      targets: [
        "Reporting", "Microscopy", "Compute", "Formats", "Optics", "Networks", "Localization",
        "Workflow",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // C: kernels as text, kernels as vector code, and the doors to system libraries.
    .target(name: "Kernels", path: "Kernels", exclude: kernelText),
    .target(
      name: "CPUKernels",
      exclude: [
        "README.md", "crowd", "detect", "spots", "render", "arithmetic", "tensor", "conv", "train",
        "random", "fourier", "vector",
      ],
      cSettings: [.headerSearchPath("../../Kernels/shared")]),
    .target(
      name: "TrainedModels",
      exclude: ["README.md", "decode-2d.log.csv", "decode-2d.safetensors", "decode-2d.yaml"]),
    .target(name: "COpenCL", linkerSettings: [.linkedLibrary("dl")]),
    .target(name: "COpenBLAS", linkerSettings: [.linkedLibrary("dl")]),
    .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5-serial", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CRename"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CBlosc", pkgConfig: "blosc", providers: [.apt(["libblosc-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),

    // Swift: arrows one way.
    .target(name: "Reporting", exclude: ["README.md"]),
    .target(
      name: "Containers",
      dependencies: ["CZlib", "CZstd", "CLZ4", "CBlosc", "Reporting"], exclude: ["README.md"]),
    .target(name: "Microscopy", dependencies: ["Reporting"], exclude: ["README.md"]),
    .target(
      name: "Compute",
      dependencies: ["Kernels", "CPUKernels", "COpenCL", "COpenBLAS", "Reporting"],
      exclude: ["README.md"]),
    .target(
      name: "Formats",
      dependencies: [
        "Containers", "Microscopy", "Reporting", "CTIFF", "CHDF5", "CPNG", "CRename", "Yams",
      ],
      exclude: ["README.md"]),
    .target(
      name: "Optics", dependencies: ["Compute", "Microscopy", "Reporting"], exclude: ["README.md"]),
    .target(
      name: "Networks",
      dependencies: [
        "Compute", "Containers", "Microscopy", "Optics", "Reporting", "TrainedModels",
      ],
      exclude: ["README.md"]),
    .target(
      name: "Localization",
      dependencies: ["Compute", "Microscopy", "Networks", "Optics", "Reporting"],
      exclude: ["README.md"]),
    .target(
      name: "Workflow",
      dependencies: [
        "Compute", "Containers", "Formats", "Localization", "Microscopy", "Networks", "Optics",
        "Reporting", "Yams",
      ],
      exclude: ["README.md"]),
    .executableTarget(
      name: "glint",
      dependencies: [
        "Compute", "Formats", "Localization", "Microscopy", "Networks", "Optics", "Reporting",
        "Workflow", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // Tools: small programs on the same modules.
    .executableTarget(
      name: "glint-bench",
      dependencies: [
        "Compute", "Formats", "Localization", "Microscopy", "Networks", "Optics", "Workflow",
      ],
      path: "Tools/bench",
      exclude: ["results", "against_onnxruntime.py"]),
    .executableTarget(
      name: "glint-parity",
      dependencies: [
        "Compute", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tools/parity"),
    .executableTarget(
      name: "glint-tune",
      dependencies: [
        "Compute", "Networks",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tools/tune"),
    .executableTarget(
      name: "glint-accuracy",
      dependencies: [
        "Compute", "Localization", "Microscopy", "Optics",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tools/accuracy", exclude: ["README.md", "dense", "movies", "threshold"]),

    // Tests, one folder per module.
    .target(
      name: "CTestSupport", dependencies: ["COpenCL"], path: "Tests/CTestSupport"),
    .target(
      name: "TestSupport",
      dependencies: ["CPUKernels", "Compute", "Microscopy", "Optics", "Reporting"],
      path: "Tests/TestSupport"),
    .target(
      name: "TestConditions", dependencies: ["Compute", "CTestSupport", "TestSupport"],
      path: "Tests/TestConditions"),
    .executableTarget(
      name: "planted-faults", dependencies: ["TestSupport"], path: "Tests/PlantedFaults"),
    .executableTarget(
      name: "steady-state", dependencies: ["Workflow", "Networks", "CTestSupport"],
      path: "Tests/SteadyState"),
    .testTarget(
      name: "ComputeTests",
      dependencies: [
        "CPUKernels", "Compute", "COpenCL", "CTestSupport", "TestConditions", "TestSupport",
        "glint-parity", "planted-faults",
      ]),
    .testTarget(name: "HouseTests"),
    .testTarget(
      name: "ContainersTests", dependencies: ["Containers", "TestConditions", "TestSupport"]),
    .testTarget(name: "MicroscopyTests", dependencies: ["Microscopy", "Reporting"]),
    .testTarget(
      name: "FormatsTests",
      dependencies: [
        "Containers", "Formats", "CTestSupport", "CBlosc", "CLZ4", "CZlib", "CZstd",
        "TestConditions", "TestSupport",
      ]),
    .testTarget(
      name: "OpticsTests", dependencies: ["Optics", "TestConditions", "TestSupport"]),
    .testTarget(
      name: "NetworksTests",
      dependencies: ["Containers", "Networks", "Reporting", "TestConditions", "TestSupport"],
      exclude: ["Golden"]),
    .testTarget(
      name: "LocalizationTests", dependencies: ["Compute", "Localization", "TestSupport"]),
    .testTarget(
      name: "WorkflowTests",
      dependencies: ["Workflow", "TestConditions", "TestSupport", "steady-state"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "glint", "Workflow", "TestConditions", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)

/// Device text lives beside the C file that embeds it, one folder per stage of the pipeline.
var kernelText: [String] {
  [
    "README.md", "tuning.json", "shared", "crowd", "detect", "spots", "render", "arithmetic",
    "tensor", "conv", "train", "random", "fourier",
  ]
}

// Only for `Tools/fuzz/run`: its fuzzer needs a build with sanitizers.
if Context.environment["GLINT_FUZZ_BUILD"] != nil {
  package.targets += [
    .target(name: "CFuzzer", path: "Tools/CFuzzer"),
    .executableTarget(
      name: "glint-fuzz",
      dependencies: ["CFuzzer", "Formats", "Microscopy", "Networks", "Reporting", "Workflow"],
      path: "Tools/fuzz", exclude: ["README.md", "run", "seeds", "unsanitized"]),
  ]
}
