"""The fine-tuning of examples/transfer in PyTorch, on the same images and from the same weights.

    python finetune.py DIR

DIR is what examples/transfer/results writes for a cell: start.safetensors (the network with its
linear head), train.u8 and test.u8 (bytes, N x S x S x 3, no header), and settings.json. Prints a
line of JSON with the seconds of training, those of processors, and the accuracy on the test
images. Needs what requirements.txt lists.

    python finetune.py DIR logits

prints the logits of the first test images before training instead.
"""

import json
import math
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# Layers, output channels, stride, kernel and expand ratio of every stage of EfficientNet-Lite0.
STAGES = [(1, 16, 1, 3, 1), (2, 24, 2, 3, 6), (2, 40, 2, 5, 6), (3, 80, 2, 3, 6), (3, 112, 1, 5, 6),
          (4, 192, 2, 5, 6), (1, 320, 1, 3, 6)]


class Conv(nn.Conv2d):
    """A convolution with TensorFlow's "same" padding."""

    def forward(self, x):
        def pad(n, k, s):
            total = max((math.ceil(n / s) - 1) * s + k - n, 0)
            return total // 2, total - total // 2

        (k, _), (s, _) = self.kernel_size, self.stride
        top, bottom = pad(x.shape[2], k, s)
        left, right = pad(x.shape[3], k, s)
        if top == bottom and left == right:
            return F.conv2d(x, self.weight, None, self.stride, (top, left), 1, self.groups)
        x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, self.weight, None, self.stride, 0, 1, self.groups)


def conv(cin, cout, k=1, s=1, groups=1):
    return Conv(cin, cout, k, s, groups=groups, bias=False)


def norm(c):
    return nn.BatchNorm2d(c, eps=1e-3)


class Block(nn.Module):
    def __init__(self, cin, cout, stride, kernel, ratio):
        super().__init__()
        mid = cin * ratio
        self.ratio, self.skip = ratio, stride == 1 and cin == cout
        if ratio != 1:
            self._expand_conv, self._bn0 = conv(cin, mid), norm(mid)
        self._depthwise_conv, self._bn1 = conv(mid, mid, kernel, stride, mid), norm(mid)
        self._project_conv, self._bn2 = conv(mid, cout), norm(cout)

    def forward(self, x):
        y = x
        if self.ratio != 1:
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.skip else y


class Lite0(nn.Module):
    def __init__(self, classes, dropout):
        super().__init__()
        self._conv_stem, self._bn0 = conv(3, 32, 3, 2), norm(32)
        blocks, self.first, cin = [], [], 32
        for layers, cout, stride, kernel, ratio in STAGES:
            self.first.append(len(blocks))
            for i in range(layers):
                blocks.append(Block(cin, cout, stride if i == 0 else 1, kernel, ratio))
                cin = cout
        self._blocks = nn.ModuleList(blocks)
        self._conv_head, self._bn1 = conv(cin, 1280), norm(1280)
        self.dropout = nn.Dropout(dropout)
        self._fc = nn.Linear(1280, classes)

    def stages(self):
        """Parts in order: the stem with the first block, the six searched stages."""
        ends = self.first[1:] + [len(self._blocks)]
        yield [self._conv_stem, self._bn0] + list(self._blocks[:ends[0]])
        for a, b in zip(self.first[1:], ends[1:]):
            yield list(self._blocks[a:b])

    def forward(self, x, frozen=0):
        def until(x, stop):
            x = F.relu6(self._bn0(self._conv_stem(x)))
            for block in self._blocks[:stop]:
                x = block(x)
            return x

        stop = (self.first + [len(self._blocks)])[frozen] if frozen else 0
        if frozen:
            with torch.no_grad():
                x = until(x, stop)
        else:
            x = until(x, 0)
        for block in self._blocks[stop:]:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        return self._fc(self.dropout(x.mean((2, 3))))


def read_safetensors(path):
    with open(path, "rb") as f:
        data = f.read()
    n = int.from_bytes(data[:8], "little")
    out = {}
    for name, t in json.loads(data[8:8 + n]).items():
        if name != "__metadata__":
            a, b = t["data_offsets"]
            values = np.frombuffer(data[8 + n + a:8 + n + b], np.float32)
            out[name] = torch.from_numpy(values.reshape(t["shape"]).copy())
    return out


def images(path, s):
    return torch.from_numpy(np.fromfile(path, np.uint8).reshape(-1, s, s, 3)).permute(0, 3, 1, 2)


def main(place, logits):
    with open(os.path.join(place, "settings.json")) as f:
        o = json.load(f)
    torch.set_num_threads(o["threads"])
    torch.manual_seed(o["seed"])
    r = np.random.default_rng(o["seed"])
    size, pad = o["size"], o["crop"]
    net = Lite0(len(o["classes"]), o["dropout"])
    weights = read_safetensors(os.path.join(place, "start.safetensors"))
    missing, unexpected = net.load_state_dict(weights, strict=False)
    if unexpected or any(not m.endswith("num_batches_tracked") for m in missing):
        sys.exit(f"weights do not fit: missing {missing}, unexpected {unexpected}")
    net = net.to(memory_format=torch.channels_last)
    net.eval()  # batch normalisations keep their statistics
    net.dropout.train()
    x, y = images(os.path.join(place, "train.u8"), size), torch.tensor(o["train_labels"])
    still = {p for parts in list(net.stages())[:o["frozen"]] for part in parts
             for p in part.parameters()}
    still |= {p for m in net.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()}
    for p in still:
        p.requires_grad_(False)
    moving = [p for p in net.parameters() if p not in still]
    sgd = torch.optim.SGD(moving, lr=o["lr"] * o["inherited"], momentum=0.9,
                          weight_decay=o["weight_decay"])
    steps = o["epochs"] * (len(x) // o["batch"])
    schedule = torch.optim.lr_scheduler.LambdaLR(
        sgd, lambda k: 0.5 * (1 + math.cos(math.pi * k / steps)))

    def batch(chosen, augment):
        b = x[chosen]
        if augment:
            padded = F.pad(b, (pad, pad, pad, pad))
            out = torch.empty_like(b)
            shifts = r.integers(0, 2 * pad + 1, (len(b), 2))
            for i, ((dy, dx), flip) in enumerate(zip(shifts, r.random(len(b)) < 0.5)):
                cut = padded[i, :, dy:dy + size, dx:dx + size]
                out[i] = cut.flip(2) if flip else cut
            b = out
        return ((b.float() - 127) / 128).contiguous(memory_format=torch.channels_last)

    if logits:
        net.eval()
        x = images(os.path.join(place, "test.u8"), size)[:8]
        with torch.inference_mode():
            print(json.dumps(net(batch(slice(None), False)).tolist()))
        return
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(o["epochs"]):
        order = torch.from_numpy(r.permutation(len(x)))
        for k in range(len(x) // o["batch"]):
            chosen = order[k * o["batch"]:(k + 1) * o["batch"]]
            loss = F.cross_entropy(net(batch(chosen, True), o["frozen"]), y[chosen])
            sgd.zero_grad(set_to_none=True)
            loss.backward()
            if o["clip"] > 0:
                nn.utils.clip_grad_norm_(moving, o["clip"])
            sgd.step()
            schedule.step()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    net.eval()
    x, y = images(os.path.join(place, "test.u8"), size), torch.tensor(o["test_labels"])
    right = 0
    with torch.inference_mode():
        for k in range(0, len(x), 100):
            right += (net(batch(slice(k, k + 100), False)).argmax(1) == y[k:k + 100]).sum().item()
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "accuracy": right / len(x),
                      "steps": steps, "torch": torch.__version__}))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["logits"]):
        sys.exit(__doc__)
    main(sys.argv[1], len(sys.argv) == 3)
