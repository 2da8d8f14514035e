import Compute
import Foundation
import Networks
import TestConditions
import TestSupport
import Testing

/// Systems without stored results, compared with the same layers written in other libraries.
@Suite struct FormulaTests {
  private func floats(_ folder: URL, _ name: String) throws -> [Float] {
    try Data(contentsOf: folder.appendingPathComponent(name))
      .withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
  }

  /// Keras' arithmetic on the published file, in NumPy.
  @Test(
    .data("models/defcon/defcon_tf13.h5", "models/defcon/test_data.tif"), .python("numpy", "h5py"))
  func defconFollowsKeras() throws {
    let path = SharedData.path("models/defcon/defcon_tf13.h5")
    let bytes = try SharedData.bytes("models/defcon/test_data.tif")
    let (height, width, image) = try #require(PlainTIFF(bytes)?.page(3))
    try withTemporaryFolder { folder in
      try image.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("x.bin"))
      let script = """
        import h5py, numpy as np
        groups = h5py.File('\(path)')['model_weights']
        def tensors(name):
            return [np.array(groups[name][w.decode()], 'f8') for w in groups[name].attrs['weight_names']]
        def pads(size, k, s):
            out = -(-size // s); total = max((out - 1) * s + k - size, 0); return out, total // 2, total
        def conv(x, name, s=1, act='relu'):
            t = tensors(name); k = t[0].shape[0]
            h, top, ht = pads(x.shape[0], k, s); w, left, wt = pads(x.shape[1], k, s)
            p = np.zeros((x.shape[0] + ht, x.shape[1] + wt, x.shape[2])); p[top:top + x.shape[0], left:left + x.shape[1]] = x
            y = np.zeros((h, w, t[0].shape[3]))
            for i in range(k):
                for j in range(k):
                    y += p[i:i + (h - 1) * s + 1:s, j:j + (w - 1) * s + 1:s] @ t[0][i, j]
            return activate(y + (t[1] if len(t) > 1 else 0), act)
        def deconv(x, name):
            k, b = tensors(name); h, w = x.shape[:2]
            y = np.zeros((2 * h + 1, 2 * w + 1, k.shape[2]))
            for i in range(3):
                for j in range(3): y[i:i + 2 * h:2, j:j + 2 * w:2] += x @ k[i, j].T
            return activate(y[:2 * h, :2 * w] + b, 'relu')
        def activate(y, act):
            return np.maximum(y, 0) if act == 'relu' else 1 / (1 + np.exp(-y)) if act == 'sigmoid' else y
        x = np.fromfile('x.bin', 'f4').astype('f8').reshape(\(height), \(width), 1)
        x = (x - x.min()) / (x.max() - x.min())
        x = conv(x, 'conv_seg_1'); x = conv(x, 'conv_stride_1', 2); x = conv(x, 'conv_seg_2')
        x = conv(x, 'conv_stride_2', 2); x = conv(x, 'conv_seg_3')
        x = deconv(deconv(x, 'deconv_seg_1'), 'decon_seg_2'); x = conv(x, 'seg', 1, 'sigmoid')
        x.astype('f4').tofile('seg.bin')
        x = conv(x, 'conv_1'); x = conv(x, 'conv_2', 2); x = conv(x, 'conv_3'); x = conv(x, 'conv_4', 2)
        x = conv(x, 'conv_5'); x = deconv(deconv(x, 'deconv_1'), 'deconv_2'); x = conv(x, 'density', 1, '')
        x.astype('f4').tofile('density.bin')
        """
      _ = try Python.run(script, in: folder)
      let model = try Model(reading: path, system: "defcon")
      let read = try run(model.graph(height: height, width: width), image)
      let errors = (
        relativeError(try read("segmentation"), try floats(folder, "seg.bin")),
        relativeError(try read("density"), try floats(folder, "density.bin"))
      )
      print("DEFCoN: \(errors), count \(try read("density").reduce(0, +))")
      #expect(errors.0 < 1e-4 && errors.1 < 1e-4)
    }
  }

  /// DECODE's two layouts, Deep-STORM and DeepSTORM3D in PyTorch's functions, on random weights.
  @Test(.python("numpy", "torch")) func torchAgrees() throws {
    var authors = DECODE()
    authors.features = 8
    var paper = authors
    paper.layout = .paper
    var volume = DeepSTORM3D()
    volume.planes = 6
    let cases: [(any NetworkSystem, String)] = [
      (authors, "authors(x)"), (paper, "paper(x)"), (DeepSTORM(), "deepstorm(x)"),
      (volume, "deepstorm3d(x)"),
    ]
    try withTemporaryFolder { folder in
      for (index, (system, call)) in cases.enumerated() {
        let weights = system.network.randomWeights(seed: 6)
        try SafeTensors.write(weights, to: folder.appendingPathComponent("w.safetensors").path)
        let (batch, height, width) = (3, 8, 12)
        let frames = ONNXTests.frames(batch * height * width).map { $0 / 100 - 1 }
        try frames.withUnsafeBytes { Data($0) }.write(to: folder.appendingPathComponent("x.bin"))
        let script =
          Self.torchSystems + """

            x = torch.from_numpy(numpy.fromfile('x.bin', 'f4')).reshape(\(batch), 1, \(height), \(width)).double()
            \(call).float().numpy().tofile('y.bin')
            """
        _ = try Python.run(script, in: folder)
        let graph = try system.network.graph(
          weights, batch: batch, height: height, width: width, scaling: false)
        let network = system.network
        let own = channelsFirst(
          try run(graph, frames)(network.outputs[0].name),
          channels: network.channels(of: network.outputs[0].value),
          pixels: height * width * network.magnification * network.magnification)
        let error = relativeError(own, try floats(folder, "y.bin"))
        print("\(call): \(error) of the rms")
        #expect(error < 1e-5, "case \(index)")
      }
    }
  }

  /// Written from the descriptions of the networks.
  private static let torchSystems = """
    import json, numpy, torch
    F = torch.nn.functional
    raw = open('w.safetensors', 'rb').read(); n = int.from_bytes(raw[:8], 'little')
    W = {}
    for k, e in json.loads(raw[8:8 + n]).items():
        if k != '__metadata__':
            a, b = e['data_offsets']
            W[k] = torch.from_numpy(numpy.frombuffer(raw[8 + n + a:8 + n + b], 'f4').copy()).reshape(e['shape']).double()
    def conv(x, n, d=1, s=1):
        w = W[n + '.weight']; p = 0 if w.shape[2] == 2 else (w.shape[2] - 1) // 2 * d
        return F.conv2d(x, w, W.get(n + '.bias'), stride=s, dilation=d, padding=p)
    def bn(x, n, eps): return F.batch_norm(x, W[n + '.running_mean'], W[n + '.running_var'], W[n + '.weight'], W[n + '.bias'], False, 0, eps)
    up = lambda x, f=2: F.interpolate(x, scale_factor=f, mode='nearest')
    def around(x):
        return torch.cat([torch.cat([x[:1], x[:-1]]), x, torch.cat([x[1:], x[-1:]])], 1)
    def unet_a(x, n):
        two = lambda x, p: F.elu(conv(F.elu(conv(x, f'{n}.{p}.0')), f'{n}.{p}.2'))
        a = two(x, 'encoder.0'); b = two(conv(a, n + '.poolers.0', s=2), 'encoder.1')
        x = two(conv(b, n + '.poolers.1', s=2), 'base')
        x = two(torch.cat([b, conv(up(x), n + '.upsamplers.0.conv')], 1), 'decoder.0')
        x = two(torch.cat([a, conv(up(x), n + '.upsamplers.1.conv')], 1), 'decoder.1')
        return conv(x, n + '.out_conv')
    def authors(x):
        x = unet_a(around(unet_a(x, 'unet_shared')), 'unet_union')
        h = [conv(F.elu(conv(x, f'mt_heads.{i}.core.0')), f'mt_heads.{i}.out_conv') for i in range(4)]
        return torch.cat([h[0].clamp(-8, 8).sigmoid(), h[1][:, :1].sigmoid(), h[1][:, 1:].tanh(), h[2].sigmoid() * 3 + 0.001, h[3].sigmoid()], 1)
    def unet_p(x, n):
        c = lambda x, i, s=1: F.elu(conv(x, f'{n}.layer_path.{i}', s=s))
        a = c(c(x, 0), 1); b = c(c(c(a, 2, 2), 3), 4); x = c(c(c(b, 5, 2), 6), 7)
        x = c(F.elu(up(x)), 9); x = c(c(torch.cat([x, b], 1), 10), 11)
        x = c(F.elu(up(x)), 13); return c(c(torch.cat([x, a], 1), 14), 15)
    def paper(x):
        x = unet_p(around(unet_p(x, 'frame_module')), 'context_module')
        h = {k: conv(F.elu(conv(x, f'out_module.{k}_out1')), f'out_module.{k}_out2') for k in ('p', 'xyzi', 'xyzis', 'bg')}
        s = h['xyzis'].sigmoid() + 0.001; m = h['xyzi']
        return torch.cat([h['p'].clamp(-16, 16).sigmoid(), m[:, 3:].sigmoid(), m[:, :3].tanh(), s[:, 3:], s[:, :3], h['bg'].sigmoid()], 1)
    def deepstorm(x):
        b = lambda x, n: bn(conv(x, 'conv-CNN' + n), 'BN-CNN' + n, 1e-3).relu()
        x = up(x, 8)
        for n in ('F1', 'F2', 'F3'): x = F.max_pool2d(b(x, n), 2)
        x = b(x, 'F4')
        for n in ('F5', 'F6', 'F7'): x = b(up(x), n)
        return conv(x, 'Prediction')
    def deepstorm3d(x):
        b = lambda x, n, d=1: bn(F.leaky_relu(conv(x, n + '.conv', d), 0.2), n + '.bn', 1e-5)
        f = bn(x, 'norm', 1e-5); x = b(f, 'layer1')
        for i, d in enumerate((1, 2, 4, 8, 16)): x = b(torch.cat([x, f], 1), f'layer{i + 2}', d) + x
        x = b(up(torch.cat([x, f], 1)), 'deconv1'); x = b(up(x), 'deconv2'); x = b(x, 'layer7')
        x = b(x, 'layer8') + x; x = b(x, 'layer9') + x
        return conv(x, 'layer10').clamp(0, 800)
    """
}
