public struct ONNXGraph: Sendable {}
struct ONNXModel { static func recognizes(_ b: [UInt8]) -> Bool { false }; init(_ b: [UInt8]) throws {}; var weights: Weights { Weights([:]) } }
