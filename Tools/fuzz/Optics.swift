import Formats

extension FuzzedReader {
  static let calibrations = [
    calibration("psf-text", "a.yaml"),
    calibration("psf-hdf5", "a.hdf5", signatures: [hdf5]),
    calibration("psf-matlab", "a.mat", signatures: [matlab]),
    calibration("psf-matlab73", "a.mat", signatures: [Array("MATLAB 7.3 MAT-file".utf8)]),
    mask("mask-numpy", "a.npy", signatures: [numpy]),
    mask("mask-matlab", "a.mat", signatures: [matlab]),
  ]

  static let cameras = [
    camera("camera-text", "a.yaml"),
    camera("camera-hdf5", "a.hdf5", signatures: [hdf5]),
    camera("camera-numpy", "a.npy", signatures: [numpy]),
    camera("camera-tiff", "a.tif", signatures: tiff),
  ]

  private static func calibration(
    _ name: String, _ file: String, signatures: [[UInt8]] = []
  ) -> FuzzedReader {
    FuzzedReader(name: name, files: [file], signatures: signatures) { path, _ in
      _ = try CalibrationFiles.read(path)
    }
  }

  private static func mask(_ name: String, _ file: String, signatures: [[UInt8]]) -> FuzzedReader {
    FuzzedReader(name: name, files: [file], signatures: signatures) { path, _ in
      _ = try PhaseMaskFile.read(path)
    }
  }

  private static func camera(
    _ name: String, _ file: String, signatures: [[UInt8]] = []
  ) -> FuzzedReader {
    FuzzedReader(name: name, files: [file], signatures: signatures) { path, _ in
      _ = try CameraFiles.read(path)
    }
  }
}
