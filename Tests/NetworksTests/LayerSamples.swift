import Testing

@testable import Networks

/// A layer, or a few, on frames small enough for references; all tests of layers use them.
struct LayerSample: CustomTestStringConvertible, Sendable {
  let name: String
  var channels = 2
  var batch = 2
  var height = 7
  var width = 6
  /// How much larger its stated reach is than the actual one, px.
  var slack = 0.0
  /// Adds the layers; the text is the prefix of their tensors' names.
  let build: @Sendable (inout Network, Network.Value, String) -> Network.Value

  var testDescription: String { name }

  init(
    _ name: String, channels: Int = 2, batch: Int = 2, _ height: Int = 7, _ width: Int = 6,
    build: @escaping @Sendable (inout Network, Network.Value, String) -> Network.Value
  ) {
    self.name = name
    self.channels = channels
    self.batch = batch
    self.height = height
    self.width = width
    self.build = build
  }

  func network(prefix: String = "") -> Network {
    var network = Network(channels: channels)
    network.output("y", build(&network, network.input, prefix))
    return network
  }

  static let all: [LayerSample] =
    convolutions + transposed + pixelwise + resizing + several + vectors + composed

  private static func convolution(_ name: String, _ kernel: Kernel, bias: Bool = true)
    -> LayerSample
  {
    LayerSample("convolution \(name)", 9, 10) {
      $0.convolution($1, $2 + "a", kernel, to: 3, bias: bias)
    }
  }

  private static let convolutions = [
    convolution("1×1", .valid(1), bias: false), convolution("3×3", .same(3)),
    convolution("2×2 stride 2", .valid(2, stride: 2)),
    convolution("3×3 dilation 2", .same(3, dilation: 2)),
    convolution("4×4 stride 2", Kernel(4, stride: 2, padding: Edges(1))),
    convolution("5×5 stride 3", .same(5, stride: 3)),
    convolution(
      "3×5 stride 2 uneven",
      Kernel(3, 5, stride: 2, padding: Edges(top: 1, left: 0, bottom: 0, right: 3))),
    convolution(
      "1×4 dilation 2",
      Kernel(1, 4, dilation: 2, padding: Edges(top: 0, left: 2, bottom: 0, right: 4))),
  ]

  private static func transposed(_ name: String, _ kernel: Kernel, bias: Bool = true)
    -> LayerSample
  {
    LayerSample("transposed convolution \(name)", 6, 7) {
      $0.transposedConvolution($1, $2 + "a", kernel, to: 3, bias: bias)
    }
  }

  private static let transposed = [
    transposed("2×2 stride 2", .valid(2, stride: 2), bias: false),
    transposed("4×4 stride 2", Kernel(4, stride: 2, padding: Edges(1))),
    transposed(
      "3×3 stride 2 cut at the end",
      Kernel(3, stride: 2, padding: Edges(top: 0, left: 0, bottom: 1, right: 1))),
    transposed(
      "3×3 stride 2 output padding",
      Kernel(3, stride: 2, padding: Edges(top: 1, left: 1, bottom: 0, right: 0))),
    transposed(
      "2×3 stride 3 dilation 2 uneven",
      Kernel(2, 3, stride: 3, dilation: 2, padding: Edges(top: 1, left: 0, bottom: 0, right: 2))),
  ]

  private static let pixelwise: [LayerSample] =
    [
      Activation.relu, .leakyReLU(0.1), .elu(0.7), .silu, .sigmoid, .tanh, .softplus,
      .clamp(-0.5, 2000), .affine(scale: 3, shift: -1),
    ].map { activation in
      LayerSample("\(activation)") { net, x, _ in net.activate(x, activation) }
    } + [
      LayerSample("batch norm") { $0.batchNorm($1, $2 + "a") },
      LayerSample("PReLU, one slope") { $0.prelu($1, $2 + "a") },
      LayerSample("PReLU per channel") { $0.prelu($1, $2 + "a", isShared: false) },
      LayerSample("stabilise", channels: 1) { $0.stabilise($1, $2 + "a") },
      LayerSample("dropout") { net, x, _ in net.dropout(x, 0.5) },
      LayerSample("softmax", channels: 3) { net, x, _ in net.softmax(x) },
      LayerSample("slice", channels: 5) { net, x, _ in net.slice(x, 1..<4) },
    ]

  private static let resizing: [LayerSample] = [
    LayerSample("max pool") { net, x, _ in net.maxPool(x) },
    LayerSample("max pool 3 padded") { net, x, _ in net.maxPool(x, 3, stride: 2, padding: Edges(1))
    },
    LayerSample("average pool 3", 8, 9) { net, x, _ in net.averagePool(x, 3, stride: 1) },
    LayerSample("global max pool") { net, x, _ in net.globalMaxPool(x) },
    LayerSample("global average pool", 5, 9) { net, x, _ in net.globalAveragePool(x) },
    LayerSample("upsample") { net, x, _ in net.upsample(x) },
    LayerSample("upsample ×3") { net, x, _ in net.upsample(x, 3) },
    bilinear(2), bilinear(3), bilinear(4), bilinear(5),
    LayerSample("instance norm") { $0.instanceNorm($1, $2 + "a") },
  ]

  private static func bilinear(_ factor: Int) -> LayerSample {
    var sample = LayerSample("bilinear ×\(factor)") { net, x, _ in
      net.upsample(x, factor, bilinear: true)
    }
    sample.slack = 0.7
    return sample
  }

  private static let several: [LayerSample] = [
    LayerSample("add") { net, x, _ in net.add(x, net.activate(x, .tanh)) },
    LayerSample("concat") { net, x, _ in net.concat(x, net.activate(x, .tanh), x) },
    LayerSample("window of 3", batch: 7, 3, 4) { net, x, _ in net.window(x, frames: 3) },
    LayerSample("window of 5", batch: 9, 3, 4) { net, x, _ in net.window(x, frames: 5) },
  ]

  private static let vectors: [LayerSample] = [
    LayerSample("dense on an image", 3, 5) { $0.dense($1, $2 + "a", to: 4, of: (3, 5)) },
    LayerSample("dense on a vector", 3, 2) {
      let x = $0.dense($1, $2 + "a", to: 5, of: (3, 2), .tanh)
      return $0.dense(x, $2 + "b", to: 4, bias: false)
    },
    LayerSample("flatten", 3, 4) { net, x, _ in net.flatten(x, height: 3, width: 4) },
    LayerSample("reshape", 3, 4) {
      $0.reshape($0.dense($1, $2 + "a", to: 12, of: (3, 4)), height: 2, width: 3)
    },
    LayerSample("vectors", 3, 2) {
      let x = $0.dense($1, $2 + "a", to: 6, of: (3, 2))
      let y = $0.prelu(x, $2 + "b", isShared: false)
      let z = $0.concat($0.slice($0.add(x, y), 1..<4), y)
      return $0.softmax($0.dense(z, $2 + "c", to: 3))
    },
  ]

  private static let composed: [LayerSample] = [
    LayerSample("residual group, as smNET has it", 9, 10) { net, x, name in
      func block(_ net: inout Network, _ x: Network.Value, _ name: String, project: Bool)
        -> Network.Value
      {
        let shortcut =
          project
          ? net.batchNorm(net.convolution(x, name + "p", 1, to: 8, bias: false), name + "pn") : nil
        let y = net.residual(x, shortcut: shortcut) { net, x in
          let y = net.prelu(net.convolution(x, name + "a", 1, to: 2), name + "s")
          return net.batchNorm(net.convolution(y, name + "b", 3, to: 8), name + "n")
        }
        return net.prelu(y, name + "t")
      }
      return block(&net, block(&net, x, name + "1", project: true), name + "2", project: false)
    },
    LayerSample("U-Net", channels: 1, 16, 16) { net, x, name in
      let a = net.convolution(x, name + "a", 3, to: 3, .elu(1))
      let b = net.convolution(net.maxPool(a), name + "b", 3, to: 4, .relu)
      let c = net.convolution(b, name + "c", Kernel(4, stride: 2, padding: Edges(1)), to: 4)
      let d = net.concat(net.upsample(c), b)
      let e = net.transposedConvolution(d, name + "d", .valid(2, stride: 2), to: 2)
      return net.convolution(net.concat(e, a), name + "e", 3, to: 2)
    },
  ]
}
