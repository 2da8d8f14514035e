import Microscopy

/// The tables of other programs that are text with a header of column names. A dialect is chosen by
/// its signature, the first one that fits.
extension TableDialect {
  static let texts = [
    challenge, decode, nstorm, nanoimager, smapText, smapGrouped, elyra, vutara,
    detectionOfMolecules,
    stormAnalysisText, picassoText, zola, minflux, pyme,
  ]

  static let challenge = TableDialect(
    name: "SMLM challenge csv", signatures: [["xnano", "ynano"]],
    meanings: [
      Meaning(.id, "", "ground_truth"), Meaning(.x, "nm", "xnano"), Meaning(.y, "nm", "ynano"),
      Meaning(.z, "nm", "znano"), Meaning(.photons, "photon", "intensity"),
    ])

  /// The unit of x and y stands in a comment or an attribute; see `in(unit:)`.
  static let decode = TableDialect(
    name: "DECODE csv", signatures: [["x", "y", "frame_ix"]],
    meanings: [
      Meaning(.x, nil, "x"), Meaning(.y, nil, "y"), Meaning(.z, "nm", "z"),
      Meaning(.xError, nil, "x_sig"), Meaning(.yError, nil, "y_sig"),
      Meaning(.zError, "nm", "z_sig"), Meaning(.photons, "photon", "phot"),
      Meaning(.photonsError, "photon", "phot_sig"), Meaning(.background, "photon", "bg"),
      Meaning(.backgroundError, "photon", "bg_sig"), Meaning(.probability, "", "prob"),
      Meaning(.id, "", "id"),
    ], frames: ["frame_ix"], origin: 0, firstFrame: 0)

  /// Nikon N-STORM, both orders of columns. `c` means corrected for drift, `w` for chromatic
  /// aberration; the width is twice σ.
  static let nstorm = TableDialect(
    name: "N-STORM txt",
    signatures: [
      ["x", "y", "frame", "lateral_localization_accuracy"], ["channel_name", "xc", "yc", "frame"],
    ],
    meanings: [
      Meaning(.x, "nm", "xwc", "xc", "x"), Meaning(.y, "nm", "ywc", "yc", "y"),
      Meaning(.z, "nm", "zwc", "zc", "z"), Meaning(.photons, "photon", "photons"),
      Meaning(.sigmaX, "nm", "width", multiple: 2), Meaning(.detections, "", "length"),
      Meaning(lateralError: "nm", "lateral_localization_accuracy"),
    ])

  static let nanoimager = TableDialect(
    name: "ONI Nanoimager csv",
    signatures: [["channel", "frame", "x", "y", "photons", "background"]],
    meanings: [
      Meaning(.x, nil, "x"), Meaning(.y, nil, "y"), Meaning(.z, "nm", "z"),
      Meaning(.photons, "photon", "photons"), Meaning(.background, "photon", "background"),
      Meaning(.xError, nil, "x_precision"), Meaning(.yError, nil, "y_precision"),
    ], firstFrame: 0)

  private static let smapMeanings = [
    Meaning(.x, "nm", "xnm"), Meaning(.y, "nm", "ynm"), Meaning(.z, "nm", "znm"),
    Meaning(.photons, "photon", "phot"), Meaning(.background, "photon", "bg"),
    Meaning(.sigmaX, "nm", "psfxnm"), Meaning(.sigmaY, "nm", "psfynm"),
    Meaning(.xError, "nm", "xnmerr", "locprecxnm"), Meaning(.yError, "nm", "ynmerr", "locprecynm"),
    Meaning(.zError, "nm", "locprecznm", "znmerr"), Meaning(.iterations, "", "iterations"),
    Meaning(.detections, "", "numberingroup"), Meaning(lateralError: "nm", "locprecnm"),
  ]

  static let smapText = TableDialect(
    name: "SMAP csv", signatures: [["xnm", "ynm", "frame"]], meanings: smapMeanings)

  /// SMAP's `_sml.mat`.
  static let smap = TableDialect(name: "SMAP mat", meanings: smapMeanings)

  static let smapGrouped = TableDialect(
    name: "SMAP csv", signatures: [["x", "y", "frame", "phot", "locprec"]],
    meanings: [
      Meaning(.x, "nm", "x"), Meaning(.y, "nm", "y"), Meaning(.z, "nm", "z"),
      Meaning(.photons, "photon", "phot"), Meaning(.background, "photon", "bg"),
      Meaning(.zError, "nm", "locprecz"), Meaning(.detections, "", "numberingroup"),
      Meaning(lateralError: "nm", "locprec"),
    ])

  /// Zeiss Elyra. A footer with the size of a pixel follows the rows.
  static let elyra = TableDialect(
    name: "Zeiss Elyra txt", signatures: [["first_frame", "position_x", "position_y"]],
    meanings: [
      Meaning(.x, "nm", "position_x"), Meaning(.y, "nm", "position_y"),
      Meaning(.z, "nm", "position_z"), Meaning(.photons, "photon", "number_photons"),
      Meaning(lateralError: "nm", "precision"), Meaning(.zError, "nm", "precision_z"),
      Meaning(.detections, "", "number_frames"), Meaning(.id, "", "index"),
    ], frames: ["first_frame"], endsAtNull: true)

  static let vutara = TableDialect(
    name: "Vutara csv", signatures: [["image_id", "time_point", "x", "y", "photon_count"]],
    meanings: [
      Meaning(.x, "nm", "x"), Meaning(.y, "nm", "y"), Meaning(.z, "nm", "z"),
      Meaning(.photons, "photon", "photon_count"), Meaning(.xError, "nm", "precisionx"),
      Meaning(.yError, "nm", "precisiony"), Meaning(.zError, "nm", "precisionz"),
    ], frames: ["frame", "image_id"], firstFrame: nil)

  /// The ImageJ plugin DoM.
  static let detectionOfMolecules = TableDialect(
    name: "DoM txt", signatures: [["x", "y", "frame_number", "x_loc_error"]],
    meanings: [
      Meaning(.x, nil, "x"), Meaning(.y, nil, "y"), Meaning(.z, nil, "z"),
      Meaning(.xError, nil, "x_loc_error"), Meaning(.yError, nil, "y_loc_error"),
      Meaning(.zError, nil, "z_loc_error"), Meaning(.sigmaX, nil, "sd_x"),
      Meaning(.sigmaY, nil, "sd_y"), Meaning(.iterations, "", "iterations_fit"),
    ], frames: ["frame_number"])

  static let stormAnalysisText = TableDialect(
    name: "storm-analysis csv", signatures: [["frame_number", "x", "y", "xsigma"]],
    meanings: [
      Meaning(.x, "px", "x"), Meaning(.y, "px", "y"), Meaning(.z, "um", "z"),
      Meaning(.photons, "photon", "sum"), Meaning(.background, "photon", "background"),
      Meaning(.sigmaX, "px", "xsigma"), Meaning(.sigmaY, "px", "ysigma"),
      Meaning(.iterations, "", "iterations"),
    ], frames: ["frame_number"], origin: 0, firstFrame: 0)

  private static let picassoMeanings =
    PicassoColumns.names.map { Meaning($0.quantity, $0.quantity.unit.rawValue, $0.name) }
    + Quantity.known.values.sorted { $0.name < $1.name }.map {
      Meaning($0, $0.unit.rawValue, $0.name)
    }

  /// Picasso's `locs` in a text file.
  static let picassoText = TableDialect(
    name: "Picasso csv",
    signatures: [["frame", "x", "y", "lpx", "lpy"], ["frame", "x", "y", "sx", "sy"]],
    meanings: picassoMeanings, origin: 0, firstFrame: 0)

  /// Picasso's HDF5.
  static let picasso = TableDialect(
    name: "Picasso hdf5", meanings: picassoMeanings, origin: 0, firstFrame: 0)

  static let zola = TableDialect(
    name: "ZOLA csv", signatures: [["frame", "x", "y", "crlbx", "crlby"]],
    meanings: [
      Meaning(.id, "", "id"), Meaning(.x, nil, "x"), Meaning(.y, nil, "y"), Meaning(.z, nil, "z"),
      Meaning(.photons, "photon", "intensity"), Meaning(.background, "photon", "background"),
      Meaning(.chiSquare, "", "chi2"), Meaning(.xError, "nm", "crlbx"),
      Meaning(.yError, "nm", "crlby"), Meaning(.zError, "nm", "crlbz"),
      Meaning(.detections, "", "occurrencemerging"),
    ], firstFrame: 0)

  /// MINFLUX has no frames. The trace, whose rows are one molecule, stands for the frame.
  static let minflux = TableDialect(
    name: "MINFLUX csv", signatures: [["tid", "t", "x", "y"], ["tid", "tim", "x", "y"]],
    meanings: [
      Meaning(.x, "nm", "x"), Meaning(.y, "nm", "y"), Meaning(.z, "nm", "z"),
    ], frames: ["tid"], firstFrame: 0)

  /// PYME, as text or as records of HDF5. `x` is corrected for drift, `fitResults_x0` is not.
  static let pyme = TableDialect(
    name: "PYME csv and hdf5",
    signatures: [["tindex", "x", "y"], ["tindex", "fitresults_x0", "fitresults_y0"]],
    meanings: [
      Meaning(.x, "nm", "x", "fitresults_x0"), Meaning(.y, "nm", "y", "fitresults_y0"),
      Meaning(.z, "nm", "z", "fitresults_z0"), Meaning(.xError, "nm", "error_x", "fiterror_x0"),
      Meaning(.yError, "nm", "error_y", "fiterror_y0"),
      Meaning(.zError, "nm", "error_z", "fiterror_z0"),
      Meaning(.sigmaX, "nm", "sig", "fitresults_sigma"), Meaning(.photons, "photon", "nphotons"),
    ], frames: ["tindex"], origin: 0, firstFrame: 0)

  /// Tables of an smlm archive. Its frames count from 0 if there is a frame 0.
  static func smlm(firstFrame: Int) -> TableDialect {
    TableDialect(
      name: "smlm",
      meanings: [
        Meaning(.x, "nm", "x", "position_x", "x_position"),
        Meaning(.y, "nm", "y", "position_y", "y_position"),
        Meaning(.z, "nm", "z", "position_z", "z_position"),
        Meaning(.sigmaX, "nm", "sigma_x", "sigma1"), Meaning(.sigmaY, "nm", "sigma_y", "sigma2"),
        Meaning(.xError, "nm", "x_error", "uncertainty_x"),
        Meaning(.yError, "nm", "y_error", "uncertainty_y"),
        Meaning(.zError, "nm", "z_error", "uncertainty_z"),
        Meaning(lateralError: "nm", "uncertainty", "uncertainty_xy", "precision"),
      ] + general.meanings, frames: ["frame", "frames"], derived: ["sigma"], firstFrame: firstFrame)
  }

  /// Glint's own names. Lengths need a unit.
  private static let ownMeanings = Quantity.known.values.sorted { $0.name < $1.name }.map {
    Meaning($0, $0.unit == .none ? "" : nil, $0.name)
  }

  /// ThunderSTORM's names, those of the NAIRR data sets, Glint's own, and common synonyms.
  static let general = TableDialect(
    name: "ThunderSTORM csv",
    meanings: [
      Meaning(.x, nil, "x"), Meaning(.y, nil, "y"), Meaning(.z, nil, "z"),
      Meaning(.sigmaX, nil, "sigma1", "sigma"), Meaning(.sigmaY, nil, "sigma2"),
      Meaning(.photons, nil, "intensity"),
      Meaning(.photons, "photon", "photons", "phot", "photon_count", "number_photons", "nphotons"),
      Meaning(.background, nil, "offset", "background", "bg"),
      Meaning(.backgroundDeviation, nil, "bkgstd", "bkgsd"),
      Meaning(.chiSquare, "", "chi2"), Meaning(.zError, nil, "uncertainty_z"),
      Meaning(.id, "", "emitter"),
      Meaning(
        lateralError: nil, "uncertainty", "uncertainty_xy", "precision", "locprec", "locprecnm",
        "lateral_localization_accuracy"),
    ] + ownMeanings, derived: ["sigma"])

  /// The same with a unit for x, y and their errors where a column states none.
  func `in`(unit: String) -> TableDialect {
    var dialect = self
    for index in dialect.meanings.indices
    where dialect.meanings[index].unit == nil
      && dialect.meanings[index].quantity.unit == .pixel
    {
      dialect.meanings[index].unit = unit
    }
    return dialect
  }
}
