"""Writes lite.json: logits of small EfficientNet-Lite networks in PyTorch, as an oracle for TestEfficientNetLite.

Weights, statistics and images come from the counter-based generator of generator.py, by the names of the public PyTorch
port, so that only results need to be stored. usage: python3 lite.py > lite.json
"""
import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

from generator import round8, uniform

torch.set_num_threads(1)
WIDTH, CLASSES, BATCH = 0.25, 5, 3
STAGES = [(24, 2), (40, 2), (80, 2), (112, 1), (192, 2), (320, 1)]
SLOTS = [3, 3, 4, 4, 5, 1]
ARCHS = [
    "2,2,3,3,4,1:3,3,3,5,5,5,3,3,3,3,5,5,5,5,5,5,5,5,5,3:6,6,6,6,6,6,6,6,6,6,6,6,6,6,6,6,6,6,6,6",
    "3,1,4,2,5,1:7,5,3,7,3,3,5,7,3,5,7,5,3,3,3,5,7,5,3,5:3,4,6,4,3,3,6,4,3,6,4,3,3,3,6,3,4,6,4,3",
]


class Net:
    """One network; same says whether padding is TensorFlow's "same", else half a kernel, batch whose statistics count."""

    def __init__(self, same, batch):
        self.same, self.batch = same, batch

    def weight(self, key, *shape):
        fan = int(np.prod(shape[1:]))
        v = uniform(key, int(np.prod(shape))) * np.float32((3.0 / fan) ** 0.5)
        return torch.tensor(v.reshape(shape), dtype=torch.float64)

    def vector(self, key, n, base):
        return torch.tensor(np.float32(base) + uniform(key, n) * np.float32(0.1), dtype=torch.float64)

    def conv(self, name, x, out, k=1, stride=1, groups=1):
        if self.same:
            total = max((-(-x.size(2) // stride) - 1) * stride + k - x.size(2), 0)
            before, after = total // 2, total - total // 2
        else:
            before = after = k // 2
        w = self.weight(name + ".weight", out, x.size(1) // groups, k, k)
        return F.conv2d(F.pad(x, (before, after, before, after)), w, stride=stride, groups=groups)

    def norm(self, name, x):
        c = x.size(1)
        mean, var = self.vector(name + ".running_mean", c, 0), self.vector(name + ".running_var", c, 0.4)
        return F.batch_norm(x, mean, var, self.vector(name + ".weight", c, 1), self.vector(name + ".bias", c, 0),
                            self.batch, 0, 1e-3)

    def block(self, p, x, k, expand, out, stride):
        y, mid = x, x.size(1) * expand
        if expand > 1:
            y = F.relu6(self.norm(p + "._bn0", self.conv(p + "._expand_conv", y, mid)))
        y = F.relu6(self.norm(p + "._bn1", self.conv(p + "._depthwise_conv", y, mid, k, stride, mid)))
        y = self.norm(p + "._bn2", self.conv(p + "._project_conv", y, out))
        return y + x if stride == 1 and x.size(1) == out else y

    def forward(self, x, arch):
        d, ks, es = ([int(v) for v in part.split(",")] for part in arch.split(":"))
        x = F.relu6(self.norm("_bn0", self.conv("_conv_stem", x, 32, 3, 2)))
        x = self.block("_blocks.0", x, 3, 1, round8(16 * WIDTH), 1)
        n = 1
        for s, (width, stride) in enumerate(STAGES):
            for layer in range(d[s]):
                j = sum(SLOTS[:s]) + layer
                x = self.block(f"_blocks.{n}", x, ks[j], es[j], round8(width * WIDTH), stride if layer == 0 else 1)
                n += 1
        x = F.relu6(self.norm("_bn1", self.conv("_conv_head", x, 1280)))
        return F.linear(x.mean((2, 3)), self.weight("_fc.weight", CLASSES, 1280), self.vector("_fc.bias", CLASSES, 0))


cases = []
for arch in ARCHS:
    for size in (40, 45):
        images = uniform("images", BATCH * 3 * size * size).reshape(BATCH, 3, size, size)
        for symmetric in (False, True):
            for batch in (False, True):
                logits = Net(not symmetric, batch).forward(torch.tensor(images, dtype=torch.float64), arch)
                cases.append({"arch": arch, "size": size, "symmetric": symmetric, "batch_statistics": batch,
                              "logits": [float(f"{v:.9g}") for v in logits.flatten().tolist()]})
json.dump({"width": WIDTH, "classes": CLASSES, "batch": BATCH, "cases": cases}, sys.stdout, indent=1)
print()
