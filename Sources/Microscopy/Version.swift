/// The version that is written into every output.
public let glintVersion = "0.1.0"
