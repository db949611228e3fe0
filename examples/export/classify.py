"""Asks a network that supernet's WriteONNX wrote what is on photos of any size and shape.

    python3 classify.py MODEL.onnx PHOTO...

Prepares photos as Model.Classify does, from the metadata of the file alone:
decoded, turned upright, made square and resized, put on black, normalised. For
one photo a line: the most likely class and its probability.
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def pixels(path):
    """The photo upright, 16 bits [height, width, 4]: colours times alpha, alpha."""
    img = Image.open(path)
    if img.format == "JPEG":  # colours are not rounded to bytes before they are resized
        img.draft("YCbCr", None)
    img = ImageOps.exif_transpose(img)
    if img.mode == "YCbCr":
        y, blue, red = np.moveaxis(np.asarray(img).astype(np.int64), 2, 0)
        y, blue, red = y * 0x10101, blue - 128, red - 128
        rgb = np.stack([y + 91881 * red, y - 22554 * blue - 46802 * red, y + 116130 * blue], -1) >> 8
        return opaque(np.clip(rgb, 0, 65535))
    if img.mode.startswith("I"):  # grey of 16 bits
        return opaque(np.repeat(np.asarray(img).astype(np.int64)[..., None], 3, 2))
    x = np.asarray(img.convert("RGBA")).astype(np.int64)
    alpha = x[..., 3:] * 257
    return np.concatenate([x[..., :3] * alpha // 255, alpha], 2)


def opaque(rgb):
    return np.concatenate([rgb, np.full_like(rgb[..., :1], 65535)], 2)


def weights(n, size):
    """What each of n pixels in a row counts for each of size new ones, [size, n].

    The cubic of Catmull and Rom, as wide as the source pixels of a new one
    where it shrinks.
    """
    scale = n / size
    centre = (np.arange(size)[:, None] + 0.5) * scale - 0.5
    t = np.abs(centre - np.arange(n)) / max(scale, 1)
    near, far = (1.5 * t - 2.5) * t * t + 1, ((-0.5 * t + 2.5) * t - 4) * t + 2
    w = np.where(t < 1, near, np.where(t < 2, far, 0))
    return w / w.sum(1, keepdims=True)


def resize(x, height, width):
    """Bytes [height, width, 3] of 16 bits [h, w, 4], on black: the high 8 of 16 that are rounded once, at the end."""
    if x.shape[:2] != (height, width):
        x = np.tensordot(weights(x.shape[1], width), x.astype(np.float64), (1, 1))  # [width, h, 4]
        x = np.tensordot(weights(x.shape[1], height), x, (1, 1))
        x = np.floor(np.clip(np.minimum(x, x[..., 3:]), 0, 65535) + 0.5).astype(np.int64)
    return (x[..., :3] >> 8).astype(np.uint8)


def square(x, size, fit):
    """Bytes [size, size, 3], made as the data were that the network was trained on."""
    h, w = x.shape[:2]
    if fit == "crop":  # the middle
        side = min(h, w)
        top, left = (h - side) // 2, (w - side) // 2
        return resize(x[top : top + side, left : left + side], size, size)
    if fit == "stretch":
        return resize(x, size, size)
    if fit != "pad":
        raise ValueError(f"fit {fit!r}, expected crop, stretch or pad")
    th, tw = h, w  # those that are smaller keep their scale
    if max(h, w) > size:
        longer = max(h, w)
        th, tw = (max(1, (side * size + longer // 2) // longer) for side in (h, w))
    out = np.zeros((size, size, 3), np.uint8)
    top, left = (size - th) // 2, (size - tw) // 2
    out[top : top + th, left : left + tw] = resize(x, th, tw)
    return out


class Network:
    """A network and what its metadata say."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        meta = self.session.get_modelmeta().custom_metadata_map
        if meta["resampling"] != "catmull-rom":
            raise ValueError(f"resampling {meta['resampling']!r}, expected catmull-rom")
        self.size, self.fit, self.classes = int(meta["input_size"]), meta["fit"], json.loads(meta["classes"])
        self.mean, self.std = (np.array(json.loads(meta["normalization_" + k]), np.float32) for k in ("mean", "std"))

    def classify(self, photos):
        """Probabilities [len(photos), classes] of what pixels gives, of any shapes."""
        x = np.stack([square(p, self.size, self.fit) for p in photos])
        x = ((x.astype(np.float32) / 255 - self.mean) / self.std).transpose(0, 3, 1, 2)
        (logits,) = self.session.run(["logits"], {"images": x})
        e = np.exp(logits - logits.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)


def main(model, *paths):
    network = Network(model)
    for path in paths:
        (p,) = network.classify([pixels(path)])
        print(f"{path}: {network.classes[p.argmax()]} {p.max():.4f}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
