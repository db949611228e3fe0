"""Makes the cases conv_same_*: convolutions with TensorFlow's padding "same".

    python same.py          # PyTorch 2; writes conv_same_*.npz and same.json beside this file

Zeros are max((ceil(n/s) - 1)*s + k - n, 0) in each direction, the smaller half before the image.
Everything is computed in float64 and stored in float32.
"""
import json
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
#       name         in out groups
KINDS = {"dense": (3, 8, 1), "depthwise": (6, 6, 6), "group2": (4, 8, 2)}


def case(kind, kernel, stride, size, seed):
    channels, out, groups = KINDS[kind]
    g = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=g, dtype=torch.float32).double()

    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    before = total // 2
    after = total - before
    x = draw(2, channels, size, size).requires_grad_()
    w = draw(out, channels // groups, kernel, kernel).requires_grad_()
    y = F.conv2d(F.pad(x, (before, after, before, after)), w, stride=stride, groups=groups)
    gout = draw(*y.shape)
    loss = (y * gout).sum()
    loss.backward()
    arrays = {"input": x, "weight": w, "output": y, "gout": gout, "loss": loss.reshape(1),
              "grad.input": x.grad, "grad.weight": w.grad}
    name = f"conv_same_{kind}_k{kernel}_s{stride}_{size}x{size}"
    np.savez(HERE / f"{name}.npz", **{k: v.detach().numpy().astype("<f4") for k, v in arrays.items()})
    return name, {"attrs": {"op": "conv2d", "stride": stride, "pad": before, "pad_extra": after - before,
                            "groups": groups, "kernel": kernel}}


cases = [("depthwise", k, s, n) for k in (3, 5, 7) for s in (1, 2) for n in (7, 8)]
cases += [("depthwise", 5, 2, 2), ("depthwise", 3, 2, 1)]  # most of the kernel in the padding
cases += [("dense", k, s, n) for k, s, n in ((3, 2, 8), (3, 2, 7), (5, 1, 8), (1, 2, 8))]
cases += [("group2", 3, 2, 8), ("group2", 5, 2, 7)]
manifest = dict(case(*c, seed) for seed, c in enumerate(cases))
(HERE / "same.json").write_text(json.dumps(manifest, indent=1) + "\n")
