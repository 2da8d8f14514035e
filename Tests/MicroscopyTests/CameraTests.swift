import Microscopy
import Reporting
import Testing

@Suite struct CameraTests {
  /// Six pixels whose values say where they are.
  private static let maps = CameraMaps(
    width: 3, height: 2, offset: [0, 1, 2, 10, 11, 12], variance: [4, 4, 4, 9, 9, 9],
    gain: [1, 2, 3, 4, 5, 6])

  @Test func photonsFromCounts() {
    let camera = Camera(offset: 100, gain: 2, emGain: 50, quantumEfficiency: 0.5)
    #expect(camera.photons(600, at: 0, nil) == 10)
    #expect(camera.photons(100, at: 0, nil) == 0)
    // Maps replace offset and gain; the quantum efficiency remains.
    #expect(camera.photons(21, at: 4, Self.maps) == 4)
  }

  @Test func anEMRegisterAddsNoise() {
    #expect(Camera(emGain: 1).excessNoise == 1)
    #expect(Camera(emGain: 1.5).excessNoise == 2)
  }

  @Test(arguments: [
    (Camera(gain: 0), "gain 0"), (Camera(gain: .nan), "gain nan"), (Camera(emGain: 0.5), "EM gain"),
    (Camera(quantumEfficiency: 1.1), "quantum efficiency 1.1"),
    (Camera(readNoise: -1), "read noise"),
    (Camera(offset: .infinity), "offset"), (Camera(offset: 100, saturation: 100), "saturation"),
  ])
  func impossibleCameras(_ camera: Camera, _ words: String) throws {
    #expect(try #require(camera.problem).contains(words))
    #expect(Camera(offset: 100, gain: 2, saturation: 4095).problem == nil)
  }

  @Test func mapsOfAPartOfTheSensor() throws {
    let part = try #require(Self.maps.cropped(to: PixelRegion(x: 1, y: 0, width: 2, height: 2)))
    #expect(part.width == 2 && part.height == 2)
    #expect(part.offset == [1, 2, 11, 12] && part.variance == [4, 4, 9, 9])
    #expect(part.gain == [2, 3, 5, 6])
    #expect(Self.maps.cropped(to: PixelRegion(x: 0, y: 0, width: 3, height: 2)) == Self.maps)
    #expect(Self.maps.cropped(to: PixelRegion(x: 2, y: 0, width: 2, height: 1)) == nil)
  }

  @Test(arguments: [
    PixelRegion(x: -1, y: 0, width: 2, height: 2), PixelRegion(x: 0, y: 0, width: 0, height: 1),
    PixelRegion(x: 9, y: 0, width: 2, height: 1), PixelRegion(x: 10, y: 0, width: 1, height: 1),
    PixelRegion(x: 0, y: 7, width: 1, height: 2), PixelRegion(x: 1, y: 0, width: .max, height: 1),
    PixelRegion(x: 0, y: .min, width: 1, height: 1),
  ])
  func regionsOutsideAFrame(_ region: PixelRegion) {
    #expect(!region.isInside(width: 10, height: 8))
    #expect(PixelRegion(x: 9, y: 7, width: 1, height: 1).isInside(width: 10, height: 8))
  }

  @Test func aRegionAsASetting() {
    let region = PixelRegion(x: 1, y: 2, width: 3, height: 4)
    #expect(PixelRegion(field: region.field) == region)
    #expect(PixelRegion(field: .list([.integer(1), .integer(2), .integer(3)])) == nil)
    #expect(PixelRegion(field: .list(Array(repeating: .number(1.5), count: 4))) == nil)
  }

  /// Values in metres, µm and Å are refused, with the unit in the message.
  @Test(arguments: [-100, 0, .nan, 1e-308, 1e-7, 0.1, 9.9, 1001, 1e5])
  func pixelSizesInAnotherUnit(_ size: Double) throws {
    let error = #expect(throws: SettingsError.self) { try FieldOfView.pixelSize.check(size) }
    #expect(error?.description.contains("nm must be in 10...1000\nhint: ") == true)
    try FieldOfView.pixelSize.check(100)
  }
}
