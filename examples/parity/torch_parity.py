#!/usr/bin/env python3
"""Trains the network that `go run ./examples/parity -out DIR` exported, in PyTorch, on the same batches.

Reads DIR/initial.safetensors (weights), DIR/data.safetensors (normalised images and labels) and DIR/tendril.json (architecture,
settings, Tendril's losses and accuracy); prints both loss curves side by side and writes DIR/torch.json.

usage: torch_parity.py DIR [--threads 2]
"""
import argparse, json, math, struct, time
import torch
import torch.nn as nn
import torch.nn.functional as F

WIDTHS = [24, 40, 80, 112, 160]
STRIDES = [2, 2, 2, 1, 2]
HSWISH = [False, False, True, True, True]
SE = [False, True, False, True, True]
TYPES = {"F32": torch.float32, "I64": torch.int64}


def load_safetensors(path):
    with open(path, "rb") as f:
        (n,) = struct.unpack("<Q", f.read(8))
        head = json.loads(f.read(n))
        body = bytearray(f.read())
    out = {}
    for name, t in head.items():
        if name == "__metadata__":
            continue
        a, b = t["data_offsets"]
        if a == b:
            continue
        out[name] = torch.frombuffer(body, dtype=TYPES[t["dtype"]], count=math.prod(t["shape"]), offset=a).reshape(t["shape"]).clone()
    return out


def round8(v):
    n = max(8, int(v + 4) // 8 * 8)
    return n + 8 if n < 0.9 * v else n


class SE4(nn.Module):
    def __init__(self, c):
        super().__init__()
        m = round8(c // 4)
        self.fc = nn.Module()
        self.fc.reduce, self.fc.expand = nn.Conv2d(c, m, 1), nn.Conv2d(m, c, 1)

    def forward(self, x):
        s = F.relu(self.fc.reduce(x.mean((2, 3), keepdim=True)))
        return x * F.hardsigmoid(self.fc.expand(s))


def conv_bn(cin, cout, k, stride, groups=1):
    m = nn.Module()
    m.conv, m.bn = nn.Conv2d(cin, cout, k, stride, k // 2, groups=groups, bias=False), nn.BatchNorm2d(cout)
    return m


class Block(nn.Module):
    def __init__(self, cin, cout, k, e, stride, hswish, se):
        super().__init__()
        mid = cin * e
        self.h, self.residual = hswish, stride == 1 and cin == cout
        self.conv = nn.Module()
        if e > 1:
            self.conv.inverted_bottleneck = conv_bn(cin, mid, 1, 1)
        self.conv.depth_conv = conv_bn(mid, mid, k, stride, mid)
        if se:
            self.conv.depth_conv.se = SE4(mid)
        self.conv.point_linear = conv_bn(mid, cout, 1, 1)

    def forward(self, x):
        act = F.hardswish if self.h else F.relu
        y = x
        if hasattr(self.conv, "inverted_bottleneck"):
            m = self.conv.inverted_bottleneck
            y = act(m.bn(m.conv(y)))
        m = self.conv.depth_conv
        y = act(m.bn(m.conv(y)))
        if hasattr(m, "se"):
            y = m.se(y)
        m = self.conv.point_linear
        y = m.bn(m.conv(y))
        return y + x if self.residual else y


class Net(nn.Module):
    def __init__(self, arch, width, stem_stride, classes):
        super().__init__()
        depths, kernels, ratios = ([int(v) for v in p.split(",")] for p in arch.split(":"))
        cin = round8(16 * width)
        self.first_conv = conv_bn(3, cin, 3, stem_stride)
        c = round8(16 * width)
        blocks = [Block(cin, c, 3, 1, 1, False, False)]
        cin = c
        for u in range(5):
            for i in range(depths[u]):
                c = round8(WIDTHS[u] * width)
                blocks.append(Block(cin, c, kernels[4 * u + i], ratios[4 * u + i], STRIDES[u] if i == 0 else 1, HSWISH[u], SE[u]))
                cin = c
        self.blocks = nn.ModuleList(blocks)
        final, last = round8(960 * width), round8(1280 * width)
        self.final_expand_layer = conv_bn(cin, final, 1, 1)
        self.feature_mix_layer = nn.Module()
        self.feature_mix_layer.conv = nn.Conv2d(final, last, 1, bias=False)
        self.classifier = nn.Module()
        self.classifier.linear = nn.Linear(last, classes)

    def forward(self, x):
        x = F.hardswish(self.first_conv.bn(self.first_conv.conv(x)))
        for b in self.blocks:
            x = b(x)
        x = F.hardswish(self.final_expand_layer.bn(self.final_expand_layer.conv(x)))
        x = F.hardswish(self.feature_mix_layer.conv(x.mean((2, 3), keepdim=True)))
        return self.classifier.linear(x.flatten(1))


def accuracy(net, x, y, batch):
    net.eval()
    right = 0
    with torch.no_grad():
        for i in range(0, len(x), batch):
            right += (net(x[i:i + batch]).argmax(1) == y[i:i + batch]).sum().item()
    return right / len(x)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("dir")
    ap.add_argument("--threads", type=int, default=2)
    a = ap.parse_args()
    torch.set_num_threads(a.threads)
    ours = json.load(open(a.dir + "/tendril.json"))
    data = load_safetensors(a.dir + "/data.safetensors")
    x, y, tx, ty = data["train.images"], data["train.labels"], data["test.images"], data["test.labels"]
    net = Net(ours["arch"], ours["width"], ours["stem_stride"], ours["classes"])
    state = net.state_dict()
    weights = load_safetensors(a.dir + "/initial.safetensors")
    wanted = {n for n in state if not n.endswith("num_batches_tracked")}
    if wanted != set(weights):
        raise SystemExit(f"names differ: only in PyTorch {sorted(wanted - set(weights))}, only in the file {sorted(set(weights) - wanted)}")
    for name, w in weights.items():
        state[name].copy_(w)
    batch, epochs = ours["batch"], ours["epochs"]
    steps = len(x) // batch
    opt = torch.optim.SGD(net.parameters(), ours["lr"], momentum=ours["momentum"], weight_decay=ours["weight_decay"])
    losses, start = [], time.perf_counter()
    for epoch in range(epochs):
        net.train()
        total = 0.0
        for i in range(steps):
            opt.param_groups[0]["lr"] = ours["rates"][epoch * steps + i]
            opt.zero_grad(set_to_none=True)
            loss = F.cross_entropy(net(x[i * batch:(i + 1) * batch]), y[i * batch:(i + 1) * batch])
            loss.backward()
            opt.step()
            losses.append(loss.item())
            total += losses[-1]
        print(f"epoch {epoch + 1:3d}  loss {total / steps:.4f}  tendril {sum(ours['losses'][epoch * steps:(epoch + 1) * steps]) / steps:.4f}", flush=True)
    seconds = time.perf_counter() - start
    acc = accuracy(net, tx, ty, batch)
    print(f"test accuracy  PyTorch {100 * acc:.2f} %  Tendril {100 * ours['test_accuracy']:.2f} %")
    print(f"training time  PyTorch {seconds:.1f} s  Tendril {ours['seconds']:.1f} s  ratio {seconds / ours['seconds']:.2f}")
    json.dump({"losses": losses, "test_accuracy": acc, "seconds": seconds}, open(a.dir + "/torch.json", "w"))


main()
