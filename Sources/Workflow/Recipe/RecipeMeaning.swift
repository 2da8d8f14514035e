/// What each field of a recipe means, for the annotated YAML.
enum RecipeMeaning {
  static let of: [String: String] = [
    "recipe": "format of this file",
    "pixel_size": "camera pixel in the sample plane, nm",
    "camera": "scalars; a camera file's maps replace offset, gain and read noise",
    "offset": "ADU of a dark pixel",
    "gain": "ADU per photoelectron (1 / the e⁻/ADU of a data sheet)",
    "em_gain": "EM register; above 1 the excess noise factor 2 applies",
    "qe": "photoelectrons per photon",
    "read_noise": "electrons rms",
    "saturation": "ADU of a full pixel; null for the largest that the file can hold",
    "camera_file": "maps: Picasso *_scmos_calib.hdf5, .npy or 3-page TIFF; empty for none",
    "camera_roi":
      "[x, y, width, height] of the movie on the maps' sensor; [] for what it says",
    "psf_file": "calibration that gives z: Glint or Picasso hdf5 or yaml, SMAP mat; empty for none",
    "refractive_index_factor": "z of the table per z of the PSF; 0 for the PSF file's own",
    "axial": "z is fitted, or comes after the fact from widths (elliptical fits)",
    "detection": "how spots are found",
    "detector": "dog, gradient, wavelet or psf",
    "threshold": "dog: factor; gradient: camera counts; wavelet: factor of std(F1); "
      + "psf: signal over noise; "
      + "network: of its result, 0 for its own",
    "radius": "spots are further apart than this, px; psf: and than its side maxima",
    "background": "none or temporal_median, for detection only",
    "median_window": "frames",
    "fit": "how each spot is fitted",
    "estimator": "mle or lsq",
    "model": "integrated over the pixel, or sampled at its centre",
    "psf_sigma": "px; start of the fit, or its value when sigma is fixed",
    "box": "px, odd",
    "max_iterations": "per spot",
    "tolerance": "share of the standard error at which a step is small enough",
    "network": "a learned localizer in place of detection and fit",
    "name": "as `glint networks` lists it; empty for none",
    "weights": "file of weights",
    "settings": "those of the network that are not as the weights say, as JSON",
    "memory": "MiB that a run of the network may take; larger frames are cut into tiles",
    "first_frame": "counted from 0",
    "end_frame": "frame after the last; -1 for all",
    "roi": "[x, y, width, height] px; [] for all",
    "sigma": "detection: inner σ of the DoG, px; fit: fixed, free or elliptical",
  ]
}
