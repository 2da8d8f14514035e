import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Files of other programs. First and last pixel and the sum over all were taken with tifffile and
/// numpy.
@Suite struct ThirdPartyMovieTests {
  struct Case: Sendable, CustomStringConvertible {
    var name: String
    var frames: Int
    var height: Int
    var width: Int
    var first: Double
    var last: Double
    var sum: Double
    var format: String
    var pixelSize: Double? = nil
    var description: String { name }
  }

  static let cases = [
    Case(
      name: "movies/deepstorm_random_hd/ArtificialDataset_demo1.tif", frames: 20, height: 64,
      width: 64, first: 166, last: 135, sum: 33_176_473, format: "ImageJ TIFF", pixelSize: 100),
    Case(
      name: "movies/nairr_2DAiry_MD_Validate/2DAiry_MD_Validate_Frame.tif", frames: 500, height: 32,
      width: 32, first: 959, last: 1329, sum: 566_231_161, format: "TIFF"),
    Case(
      name: "movies/nairr_2DGauss_HD_Validate/2DGauss_HD_Validate_Frame.tif", frames: 500,
      height: 32, width: 32, first: 1173, last: 1031, sum: 603_639_797, format: "TIFF"),
    Case(
      name: "movies/nairr_2DGauss_LD_Train/2DGauss_LD_Train_Frame.tif", frames: 1000, height: 32,
      width: 32, first: 1004, last: 1276, sum: 1_053_564_698, format: "TIFF"),
    Case(
      name: "movies/nairr_3DAS_LD_Train/3DAS_LD_Train_Frame.tif", frames: 1000, height: 32,
      width: 32, first: 595, last: 554, sum: 553_765_557, format: "TIFF"),
    Case(
      name: "movies/real/locan_images.tif", frames: 5, height: 128, width: 128, first: 515,
      last: 524, sum: 42_815_655, format: "ImageJ TIFF"),
    Case(
      name: "movies/real/telomeres_learned_psf/telomeres1.tif", frames: 1, height: 253, width: 197,
      first: 367, last: 629, sum: 40_946_874, format: "ImageJ TIFF"),
    Case(
      name: "movies/real/tetrapod_mito_deepstorm3d", frames: 8, height: 332, width: 492, first: 38,
      last: 66, sum: 63_714_414, format: "folder of TIFFs"),
    Case(
      name: "movies/smlm2013_tubulins1/sequence", frames: 15, height: 256, width: 256, first: 74,
      last: 141, sum: 98_621_739, format: "folder of TIFFs"),
    Case(
      name: "movies/real/pMHC_AF647_200k_000_.SPE", frames: 10, height: 128, width: 128, first: 217,
      last: 210, sum: 40_241_485, format: "SPE 2"),
    Case(
      name: "movies/storm_analysis/test.dax", frames: 10, height: 256, width: 256, first: 144,
      last: 145, sum: 104_584_071, format: "dax + inf"),
    Case(
      name: "movies/storm_analysis/test_300x200_dh.inf", frames: 5, height: 200, width: 300,
      first: 150, last: 139, sum: 46_509_005, format: "dax + inf"),
    Case(
      name: "movies/storm_analysis/test_bg_sub.dax", frames: 5, height: 256, width: 256, first: 159,
      last: 141, sum: 47_013_619, format: "dax + inf"),
    Case(
      name: "psf/challenge2016_beads_AS.tif", frames: 151, height: 150, width: 150, first: 99,
      last: 100, sum: 586_352_544, format: "TIFF"),
    Case(
      name: "psf/challenge2016_beads_DH.tif", frames: 151, height: 150, width: 150, first: 98,
      last: 101, sum: 707_602_574, format: "TIFF"),
    Case(
      name: "psf/deepnebulae/learned1_bead_stack.tiff", frames: 56, height: 121, width: 121,
      first: 0, last: 0, sum: 18_605_737, format: "TIFF"),
    Case(
      name: "psf/deepnebulae/tetrapod_bead_stack.tiff", frames: 54, height: 121, width: 121,
      first: 0, last: 0, sum: 32_848_587, format: "TIFF"),
    Case(
      name: "psf/fov_tetrapod_beads/bottom_x682_y982.tif", frames: 21, height: 70, width: 70,
      first: 231, last: 232, sum: 38_489_322, format: "ImageJ TIFF"),
    Case(
      name: "psf/smap_single_bead_astig.tif", frames: 201, height: 21, width: 21, first: 463,
      last: 542, sum: 78_294_099, format: "ImageJ TIFF"),
    Case(
      name: "psf/pyme_beads1.tif", frames: 61, height: 61, width: 61, first: 0.004522635,
      last: 0.0042207437, sum: 2989.211795877709, format: "OME-TIFF", pixelSize: 72.6),
    Case(
      name: "images/annapalm_nuclear_pore_input.tif", frames: 1, height: 512, width: 512, first: 0,
      last: 0, sum: 15396, format: "ImageJ TIFF"),
    Case(
      name: "images/annapalm_nuclear_pore_output.tif", frames: 1, height: 512, width: 512,
      first: 0.024808228, last: 0.009333611, sum: 7357.423768788576, format: "ImageJ TIFF"),
    Case(
      name: "models/defcon/test_data.tif", frames: 10, height: 32, width: 32, first: 111, last: 126,
      sum: 1_361_625, format: "ImageJ TIFF"),
  ]

  @Test(.anyData(of: cases.map(\.name)), arguments: cases.filter { SharedData.has($0.name) })
  func readsTheSamePixels(file: Case) throws {
    let movie = try Movies.open(SharedData.path(file.name))
    #expect(movie.info.frames == file.frames)
    #expect(movie.info.width == file.width && movie.info.height == file.height)
    #expect(movie.info.format == file.format)
    #expect(movie.info.pixelSize == file.pixelSize)
    let pixels = try movie.allPixels()
    #expect(abs(pixels[0] - file.first) <= 1e-7 * abs(file.first))
    #expect(abs(pixels[pixels.count - 1] - file.last) <= 1e-7 * abs(file.last))
    #expect(abs(pixels.reduce(0, +) - file.sum) <= 1e-9 * file.sum)
  }

  @Test(.data("camera/scmos_storm/sample.dax")) func sCMOSMovieWithoutItsSidecar() throws {
    let path = SharedData.path("camera/scmos_storm/sample.dax")
    let error = try #require(try movieError(path))
    #expect(error.kind == .sidecar)
    #expect(error.hint?.text().contains("11 frames of 256 x 256") == true)
    let movie = try Movies.open(path, options: MovieOptions(width: 256, height: 256))
    #expect(movie.info.frames == 11)
    let pixels = try movie.allPixels()
    #expect(pixels[0] == 131 && pixels.last == 114 && pixels.reduce(0, +) == 78_327_089)
  }

  @Test(.data("psf/fov_tetrapod_beads")) func aFolderOfStacksIsNotOneMovie() throws {
    let error = try movieError(SharedData.path("psf/fov_tetrapod_beads"))
    #expect(
      error?.kind == .inconsistent && error?.hint?.text().contains("open one of the files") == true)
  }
}
