"""Twenty training steps in PyTorch, from the data and weights that a test of Glint wrote.

    GLINT_WRITE_GOLDEN=FOLDER swift test --filter GoldenCurveTests
    python Tools/golden/curves.py FOLDER Tests/NetworksTests/Golden

Needs PyTorch. For every system it writes the losses of twenty steps in double and in single
precision. The test compares Glint's losses with those in double precision: they may be no further
away than three times what PyTorch's own single precision is.
"""

import json
import math
import pathlib
import struct
import sys

import torch
import torch.nn.functional as F


def safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        part = bytearray(data[8 + length + begin : 8 + length + end])
        tensors[name] = torch.frombuffer(part, dtype=torch.float32).reshape(entry["shape"])
    return tensors


def conv(w, x, name, **options):
    return F.conv2d(x, w[name + ".weight"], w[name + ".bias"], **options)


class Decode:
    """DECODE of its authors: two U-Nets of depth two, four heads (Speiser et al. 2021)."""

    photons, z, background = 4000.0, 1000.0, 120.0

    def unet(self, w, x, name):
        def block(x, part):
            x = F.elu(conv(w, x, f"{name}.{part}.0", padding=1))
            return F.elu(conv(w, x, f"{name}.{part}.2", padding=1))

        skips = []
        for level in range(2):
            x = block(x, f"encoder.{level}")
            skips.append(x)
            x = conv(w, x, f"{name}.poolers.{level}", stride=2)
        x = block(x, "base")
        for level in range(2):
            up = F.interpolate(x, scale_factor=2, mode="nearest")
            up = conv(w, up, f"{name}.upsamplers.{level}.conv")
            x = block(torch.cat([skips.pop(), up], 1), f"decoder.{level}")
        return conv(w, x, f"{name}.out_conv")

    def loss(self, w, batch):
        photons = batch["photons"]
        movies, emitters, length = photons.shape
        frames = batch["frames"].permute(0, 3, 1, 2) * 0.02 - 0.4
        each = self.unet(w, frames, "unet_shared")
        # The frames at the ends of a movie are repeated.
        each = each.reshape(movies, length, *each.shape[1:])
        before = torch.cat([each[:, :1], each[:, :-1]], 1)
        after = torch.cat([each[:, 1:], each[:, -1:]], 1)
        window = torch.cat([before, each, after], 2).flatten(0, 1)
        x = self.unet(w, window, "unet_union")

        def head(k):
            y = F.elu(conv(w, x, f"mt_heads.{k}.core.0", padding=1))
            return conv(w, y, f"mt_heads.{k}.out_conv")

        p = torch.sigmoid(head(0).clamp(-8, 8))[:, 0]
        mean, sigma = head(1), 3 * torch.sigmoid(head(2)) + 0.001
        background = torch.sigmoid(head(3))[:, 0]
        mean = torch.cat([torch.sigmoid(mean[:, :1]), torch.tanh(mean[:, 1:])], 1)
        height, width = p.shape[1:]
        rows = torch.arange(height, dtype=p.dtype)[:, None]
        columns = torch.arange(width, dtype=p.dtype)[None, :]
        offset = torch.stack(
            [rows * 0 + columns * 0, rows + columns * 0, columns + rows * 0, rows * 0 + columns * 0]
        )
        mean = mean + offset
        target = batch["background"][..., 0] / self.background
        sums = {"count": 0.0, "places": 0.0, "background": ((background - target) ** 2).sum()}
        for frame in range(movies * length):
            movie, time = divmod(frame, length)
            on = photons[movie, :, time] > 0
            number = int(on.sum())
            q = p[frame]
            m, v = q.sum(), (q * (1 - q)).sum()
            if number == 0:
                sums["count"] = sums["count"] - torch.log(1 - q).sum()
                continue
            count = (number - m) ** 2 / (2 * v) + 0.5 * torch.log(2 * math.pi * v)
            sums["count"] = sums["count"] + number * count
            truth = torch.stack(
                [
                    photons[movie, on, time] / self.photons,
                    batch["y"][movie, on, 0],
                    batch["x"][movie, on, 0],
                    batch["z"][movie, on, 0] / self.z,
                ]
            )
            u = (truth[:, :, None, None] - mean[frame][:, None]) / sigma[frame][:, None]
            density = -0.5 * u**2 - torch.log(sigma[frame])[:, None] - 0.5 * math.log(2 * math.pi)
            terms = torch.log(q / m)[None] + density.sum(0)
            sums["places"] = sums["places"] - torch.logsumexp(terms.flatten(1), 1).sum()
        return sum(sums.values()) / (movies * length)


def gaussian(values, size, finer):
    """Shares of pixels of a finer grid in a Gaussian of σ 1, integrated over them."""
    places = torch.arange(size * finer, dtype=values.dtype)
    offset = places - (finer * values[:, None] + 0.5 * finer - 0.5)
    return 0.5 * (torch.erf((offset + 0.5) / 2**0.5) - torch.erf((offset - 0.5) / 2**0.5))


def heat_map(batch, finer):
    photons = batch["photons"]
    movies, emitters, length = photons.shape
    height, width = batch["frames"].shape[1:3]
    maps = []
    for frame in range(movies * length):
        movie, time = divmod(frame, length)
        on = photons[movie, :, time] > 0
        rows = gaussian(batch["y"][movie, on, 0], height, finer)
        columns = gaussian(batch["x"][movie, on, 0], width, finer)
        maps.append(torch.einsum("er,ec->rc", rows, columns))
    return torch.stack(maps)[:, None]


def between_0_and_1(frames):
    x = frames.permute(0, 3, 1, 2)
    low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
    return (x - low) / (high - low)


class FidStorm:
    """FID-STORM with two layers in its trunk."""

    def loss(self, w, batch):
        def layer(x, name, **options):
            return F.leaky_relu(F.conv2d(x, w[name + ".weight"], padding=1, **options), 0.01)

        first = layer(between_0_and_1(batch["frames"]), "first")
        x = first
        for k in range(2):
            x = layer(x, f"trunk.{k}", bias=w[f"trunk.{k}.bias"])
        x = first + x
        for k in range(3):
            x = layer(F.interpolate(x, scale_factor=2, mode="nearest"), f"up{k + 1}")
        return ((x - heat_map(batch, 8)) ** 2).mean()


class DeepStorm:
    """Deep-STORM that enlarges twice (Nehme et al. 2018)."""

    def loss(self, w, batch):
        def block(x, name):
            x = F.conv2d(x, w[f"conv-CNN{name}.weight"], padding=1)
            scale, shift = w[f"BN-CNN{name}.weight"], w[f"BN-CNN{name}.bias"]
            return F.relu(F.batch_norm(x, None, None, scale, shift, True, eps=1e-3))

        x = (between_0_and_1(batch["frames"]) - 0.19607912) / 0.17763713
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        for name in ("F1", "F2", "F3"):
            x = F.max_pool2d(block(x, name), 2)
        x = block(x, "F4")
        for name in ("F5", "F6", "F7"):
            x = block(F.interpolate(x, scale_factor=2, mode="nearest"), name)
        x = F.conv2d(x, w["Prediction.weight"])
        taps = torch.arange(-3, 4, dtype=x.dtype)
        kernel = torch.exp(-(taps[:, None] ** 2 + taps[None, :] ** 2) / 2)
        blurred = F.conv2d(x, (2 * kernel / kernel.sum())[None, None], padding=3)
        return ((blurred - 100 * heat_map(batch, 2)) ** 2).mean() + x.abs().mean()


def batch_norm(w, x, name):
    return F.batch_norm(x, None, None, w[name + ".weight"], w[name + ".bias"], True)


class DeepStorm3D:
    """DeepSTORM3D with two dilated layers and five planes (Nehme et al. 2020)."""

    planes, peak, low, high = 5, 40.0, -600.0, 600.0

    def network(self, w, x):
        def block(x, name, dilation=1):
            x = F.leaky_relu(conv(w, x, name + ".conv", padding=dilation, dilation=dilation), 0.2)
            return batch_norm(w, x, name + ".bn")

        frame = batch_norm(w, x, "norm")
        x = block(frame, "layer1")
        for layer, dilation in ((2, 1), (3, 2)):
            x = block(torch.cat([x, frame], 1), f"layer{layer}", dilation) + x
        x = F.interpolate(torch.cat([x, frame], 1), scale_factor=2, mode="nearest")
        x = F.interpolate(block(x, "deconv1"), scale_factor=2, mode="nearest")
        x = block(block(x, "deconv2"), "layer7")
        x = block(x, "layer8") + x
        x = block(x, "layer9") + x
        return F.hardtanh(conv(w, x, "layer10"), 0.0, self.peak)

    def truth(self, batch):
        photons = batch["photons"]
        movies, emitters, length = photons.shape
        height, width = batch["frames"].shape[1:3]
        volume = photons.new_zeros(movies * length, self.planes, 4 * height, 4 * width)
        step = (self.high - self.low) / self.planes
        for movie in range(movies):
            for emitter in range(emitters):
                column = math.floor(4 * batch["x"][movie, emitter, 0])
                row = math.floor(4 * batch["y"][movie, emitter, 0])
                plane = math.floor((batch["z"][movie, emitter, 0] - self.low) / step)
                if not (0 <= column < 4 * width and 0 <= row < 4 * height):
                    continue
                if not 0 <= plane < self.planes:
                    continue
                for time in range(length):
                    if photons[movie, emitter, time] > 0:
                        volume[movie * length + time, plane, row, column] += 1
        return volume

    def loss(self, w, batch):
        x = self.network(w, batch["frames"].permute(0, 3, 1, 2) / 250)
        truth = self.truth(batch)
        taps = torch.exp(-(torch.arange(-3, 4, dtype=x.dtype) ** 2) / 2)
        kernel = taps[:, None, None] * taps[None, :, None] * taps[None, None, :]

        def blurred(volume):
            return F.conv3d(volume[:, None], kernel[None, None], padding=(3, 0, 0))

        image = F.mse_loss(blurred(x), blurred(self.peak * truth))
        common = (x / self.peak * truth).sum()
        return image + 1 - (2 * common + 1) / (common + (truth * truth).sum() + 1)


class Defcon:
    """DEFCoN without dropout; the density's loss does not reach the segmentation."""

    def loss(self, w, batch):
        def layer(x, name, padding=1):
            return F.relu(conv(w, x, name, padding=padding))

        def halved(x, name):
            return F.relu(conv(w, F.pad(x, (0, 1, 0, 1)), name, stride=2))

        def doubled(x, name):
            x = F.conv_transpose2d(x, w[name + ".weight"], w[name + ".bias"], stride=2)
            return F.relu(x[:, :, :-1, :-1])

        x = layer(between_0_and_1(batch["frames"]), "conv_seg_1")
        x = layer(halved(x, "conv_stride_1"), "conv_seg_2")
        x = layer(halved(x, "conv_stride_2"), "conv_seg_3")
        x = doubled(doubled(x, "deconv_seg_1"), "decon_seg_2")
        segmentation = torch.sigmoid(F.conv2d(x, w["seg.weight"]))
        x = layer(segmentation.detach(), "conv_1")
        x = layer(halved(x, "conv_2"), "conv_3")
        x = layer(halved(x, "conv_4"), "conv_5", padding=2)
        x = doubled(doubled(x, "deconv_1"), "deconv_2")
        density = F.conv2d(x, w["density.weight"])
        truth = heat_map(batch, 1)
        mask = (truth > 0.03).to(x.dtype)
        off = density - truth
        pixels, count = (off**2).sum((1, 2, 3)).mean(), (off.sum((1, 2, 3)) ** 2).mean()
        return F.binary_cross_entropy(segmentation, mask) + pixels + 0.01 * count


class Spenet:
    """SpeNet."""

    def loss(self, w, batch):
        x = batch["frames"].permute(0, 3, 1, 2)
        x = x / x.amax((1, 2, 3), keepdim=True) - 0.6562788
        x = F.relu(batch_norm(w, conv(w, x, "conv_1", padding=2), "batchnorm_1"))
        x = F.relu(batch_norm(w, conv(w, F.max_pool2d(x, 3, 2), "conv_2", padding=1), "batchnorm_2"))
        scores = F.linear(x.flatten(1), w["fc.weight"], w["fc.bias"])
        return F.cross_entropy(scores, batch["classes"])


def curve(system, folder, precision):
    weights = {
        name: tensor.to(precision).requires_grad_("running" not in name)
        for name, tensor in safetensors(folder / "weights.safetensors").items()
    }
    trained = [weight for weight in weights.values() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.1)
    losses = []
    for step in range(1, 21):
        batch = safetensors(folder / f"{step}.safetensors")
        loss = system.loss(weights, {name: t.to(precision) for name, t in batch.items()})
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 0.03)
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    source, target = map(pathlib.Path, sys.argv[1:3])
    target.mkdir(exist_ok=True)
    systems = {
        "decode": Decode(),
        "fid-storm": FidStorm(),
        "deep-storm": DeepStorm(),
        "deepstorm3d": DeepStorm3D(),
        "defcon": Defcon(),
        "spenet": Spenet(),
    }
    for name, system in systems.items():
        result = {
            kind: curve(system, source / name, precision)
            for kind, precision in [("double", torch.float64), ("single", torch.float32)]
        }
        (target / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
        print(name, result["double"][0], result["double"][-1])
