/// The version that every output carries.
public let glintVersion = "0.1.0"
