import Microscopy

/// Camera maps as a TIFF of three pages: offset, variance, gain.
enum CameraTIFF {
  static func read(_ path: String) throws -> CameraMaps {
    do {
      // Whatever the pages are called (channels, slices), their order says what they are.
      let movie = try Movies.openAll(path)
      if let error = movie.info.cutOff { throw error }
      let (info, size) = (movie.info, movie.info.width * movie.info.height)
      guard info.frames == 3 else {
        throw CameraFileError.unknownKind(
          path: path, found: "a TIFF of \(info.frames) pages, where 3 are expected")
      }
      let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 3 * info.frameBytes, alignment: 64)
      defer { bytes.deallocate() }
      try movie.read(0..<3, into: bytes)
      func page(_ number: Int) -> [Float] {
        let values = number * size..<(number + 1) * size
        switch info.pixel {
        case .uint16: return bytes.bindMemory(to: UInt16.self)[values].map(Float.init)
        case .float32: return Array(bytes.bindMemory(to: Float.self)[values])
        }
      }
      return CameraMaps(
        width: info.width, height: info.height, offset: page(0), variance: page(1), gain: page(2))
    } catch let error as MovieError {
      throw CameraFileError.damaged(path: path, reason: "\(error)")
    }
  }
}
