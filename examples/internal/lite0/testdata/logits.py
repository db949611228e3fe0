"""Writes logits.safetensors: what PyTorch answers with the embedded weights to made-up images, as an oracle for TestLogits.

Computed in float64. usage, with torch and safetensors, in this folder: python3 logits.py
"""
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file

SIZES, IMAGES = [50, 64, 65, 193, 224], 2
STAGES = [(3, 1, 1), (3, 2, 2), (5, 2, 2), (3, 2, 3), (5, 1, 3), (5, 2, 4), (3, 1, 1)]  # kernel, stride, layers
MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])

torch.set_num_threads(1)
weights = {k: torch.tensor(v.astype(np.float64)) for k, v in load_file("../data/efficientnet_lite0.safetensors").items()}


def image(i, size):
    """Image i: bytes by rows, columns and channels, as picture of lite0_test.go draws them."""
    y, x, c = np.meshgrid(np.arange(size), np.arange(size), np.arange(3), indexing="ij")
    return ((3 + i) * x * x + 5 * y * y + (7 + 2 * c) * x * y) // 16 % 256


def conv(name, x, stride=1, groups=1):
    w = weights[name + ".weight"]
    k = w.size(2)
    if same:
        total = max((-(-x.size(2) // stride) - 1) * stride + k - x.size(2), 0)
        before, after = total // 2, total - total // 2
    else:
        before = after = k // 2
    return F.conv2d(F.pad(x, (before, after, before, after)), w, stride=stride, groups=groups)


def norm(name, x):
    mean, var, scale, shift = (weights[name + s] for s in (".running_mean", ".running_var", ".weight", ".bias"))
    return F.batch_norm(x, mean, var, scale, shift, False, 0, 1e-3)


def block(p, x, stride):
    y = x
    if p + "._expand_conv.weight" in weights:
        y = F.relu6(norm(p + "._bn0", conv(p + "._expand_conv", y)))
    y = F.relu6(norm(p + "._bn1", conv(p + "._depthwise_conv", y, stride, y.size(1))))
    y = norm(p + "._bn2", conv(p + "._project_conv", y))
    return y + x if y.shape == x.shape else y


def logits(x):
    x, n = F.relu6(norm("_bn0", conv("_conv_stem", x, 2))), 0
    for kernel, stride, layers in STAGES:
        for layer in range(layers):
            assert weights[f"_blocks.{n}._depthwise_conv.weight"].size(2) == kernel
            x = block(f"_blocks.{n}", x, stride if layer == 0 else 1)
            n += 1
    x = F.relu6(norm("_bn1", conv("_conv_head", x))).mean((2, 3))
    return F.linear(x, weights["_fc.weight"], weights["_fc.bias"])


out = {}
for same in (True, False):
    for size in SIZES:
        x = (np.stack([image(i, size) for i in range(IMAGES)]) / 255 - MEAN) / STD
        y = logits(torch.tensor(x.transpose(0, 3, 1, 2)))
        out[f"{'same' if same else 'symmetric'}.{size}"] = y.numpy().astype(np.float32)
save_file(out, "logits.safetensors")
for name, y in out.items():
    print(name, y.argmax(1), y.max(1), y.std(1))
