"""Times the work of BenchmarkTrain and BenchmarkEval in PyTorch, for comparison.

usage: torch_speed.py [rounds [threads [only]]]        (defaults 5, 2, everything; only: a part of "Train/32px channels_last")

An elastic MobileNetV3 supernet of width 1.0 with 100 classes and no dropout runs one sub-network of archs.txt per step, in
turn: kernels are centre crops, widths the first channels, depths the first layers. A training step is forward, cross entropy,
backward, SGD with momentum 0.9. Everything that helps PyTorch is used: both memory layouts are tried, activations work in
place, freed memory stays with the process, and in the channels-last layout the weight gradient of 5×5 and 7×7 depthwise
convolutions is computed as one grouped convolution, which is faster than the built-in one.

Every line is one cycle over the eight sub-networks, after one untimed cycle: images per second that passed and per second of
processor time of all threads.
"""
import os
import pathlib
import resource
import sys
import time

KEEP = "glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592:glibc.malloc.top_pad=268435456"
if os.environ.get("GLIBC_TUNABLES") != KEEP:
    os.environ["GLIBC_TUNABLES"] = KEEP
    os.execv(sys.executable, [sys.executable, *sys.argv])

import torch
from torch import nn
from torch.nn import functional as F

# units: width, stride, hard swish, squeeze and excitation
UNITS = [(24, 2, False, False), (40, 2, False, True), (80, 2, True, False), (112, 1, True, True), (160, 2, True, True)]
KERNEL, EXPAND, DEPTH = 7, 6, 4


def reduced(c):
    """Channels of the squeeze: a quarter, rounded to a multiple of 8 but not down by more than a tenth."""
    r = max(8, (c // 4 + 4) // 8 * 8)
    return r if r >= 0.9 * (c // 4) else r + 8


class Norm(nn.BatchNorm2d):
    def forward(self, x):
        n = x.shape[1]
        return F.batch_norm(x, self.running_mean[:n], self.running_var[:n], self.weight[:n], self.bias[:n], self.training, 0.1, 1e-5)


class GroupedGrad(torch.autograd.Function):
    """A depthwise convolution whose weight gradient convolves every image's channel with its output gradient."""

    @staticmethod
    def forward(ctx, x, w, stride):
        ctx.save_for_backward(x, w)
        ctx.stride = stride
        return F.conv2d(x, w, stride=stride, padding=w.shape[2] // 2, groups=x.shape[1])

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        (n, c, height, width), k, s = x.shape, w.shape[2], ctx.stride
        dx = torch.ops.aten.convolution_backward(
            dy, x, w, None, [s, s], [k // 2, k // 2], [1, 1], False, [0, 0], c, [True, False, False])[0]
        planes = x.permute(2, 3, 0, 1).reshape(1, height, width, n * c).permute(0, 3, 1, 2)
        taps = F.conv2d(planes, dy.reshape(n * c, 1, *dy.shape[2:]), padding=k // 2, dilation=s, groups=n * c)
        return dx, taps[:, :, :k, :k].reshape(n, c, k, k).sum(0).unsqueeze(1), None


def activate(x, hard_swish):
    return F.hardswish(x, inplace=True) if hard_swish else F.relu(x, inplace=True)


class Layer(nn.Module):
    def __init__(self, inputs, outputs, stride, hard_swish, squeeze, expand=EXPAND, kernel=KERNEL):
        super().__init__()
        self.inputs, self.outputs, self.stride, self.hard_swish, self.kernel = inputs, outputs, stride, hard_swish, kernel
        wide = inputs * expand
        self.widen = nn.Conv2d(inputs, wide, 1, bias=False) if expand > 1 else None
        self.norm1 = Norm(wide) if expand > 1 else None
        self.depthwise = nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False)
        self.norm2 = Norm(wide)
        self.squeeze = nn.Conv2d(wide, reduced(wide), 1) if squeeze else None
        self.excite = nn.Conv2d(reduced(wide), wide, 1) if squeeze else None
        self.narrow = nn.Conv2d(wide, outputs, 1, bias=False)
        self.norm3 = Norm(outputs)

    def forward(self, x, kernel, expand):
        y, wide = x, self.inputs * expand
        if self.widen is not None:
            y = activate(self.norm1(F.conv2d(y, self.widen.weight[:wide])), self.hard_swish)
        edge = (self.kernel - kernel) // 2
        w = self.depthwise.weight[:wide, :, edge:edge + kernel, edge:edge + kernel]
        last = y.is_contiguous(memory_format=torch.channels_last)
        if kernel > 3 and last and torch.is_grad_enabled():
            y = GroupedGrad.apply(y, w, self.stride)
        else:
            y = F.conv2d(y, w.contiguous(), stride=self.stride, padding=kernel // 2, groups=wide)
        y = activate(self.norm2(y), self.hard_swish)
        if self.squeeze is not None:
            r = reduced(wide)
            s = y.mean((2, 3), keepdim=True)
            s = F.relu(F.conv2d(s, self.squeeze.weight[:r, :wide], self.squeeze.bias[:r]))
            y = y * F.hardsigmoid(F.conv2d(s, self.excite.weight[:wide, :r], self.excite.bias[:wide]))
        y = self.norm3(F.conv2d(y, self.narrow.weight[:, :wide]))
        return x + y if self.stride == 1 and self.inputs == self.outputs else y


class Supernet(nn.Module):
    def __init__(self, classes, stem_stride):
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(3, 16, 3, stem_stride, 1, bias=False), Norm(16)
        self.first = Layer(16, 16, 1, False, False, expand=1, kernel=3)
        self.units, inputs = nn.ModuleList(), 16
        for width, stride, hard_swish, squeeze in UNITS:
            layers = [Layer(inputs if i == 0 else width, width, stride if i == 0 else 1, hard_swish, squeeze) for i in range(DEPTH)]
            self.units.append(nn.ModuleList(layers))
            inputs = width
        self.last, self.last_norm = nn.Conv2d(inputs, 960, 1, bias=False), Norm(960)
        self.mix, self.classify = nn.Conv2d(960, 1280, 1, bias=False), nn.Linear(1280, classes)

    def forward(self, x, arch):
        depths, kernels, expands = arch
        x = self.first(F.hardswish(self.stem_norm(self.stem(x)), inplace=True), 3, 1)
        for u, layers in enumerate(self.units):
            for i in range(depths[u]):
                x = layers[i](x, kernels[DEPTH * u + i], expands[DEPTH * u + i])
        x = F.hardswish(self.last_norm(self.last(x)), inplace=True).mean((2, 3), keepdim=True)
        return self.classify(F.hardswish(self.mix(x)).flatten(1))


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    torch.manual_seed(1)
    text = pathlib.Path(__file__).with_name("archs.txt").read_text()
    archs = [[[int(n) for n in part.split(",")] for part in line.split(":")] for line in text.split()]
    for name, size, stem_stride, batch in (("32px", 32, 1, 64), ("64px", 64, 2, 64), ("224px", 224, 2, 8)):
        only, runs = sys.argv[3] if len(sys.argv) > 3 else "", []
        for layout in (torch.contiguous_format, torch.channels_last):
            net = Supernet(100, stem_stride).to(memory_format=layout)
            x = torch.randn(batch, 3, size, size).contiguous(memory_format=layout)
            sgd = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9)
            runs.append((str(layout).removeprefix("torch."), net, x, torch.randint(0, 100, (batch,)), sgd))

        def train(net, x, labels, sgd):
            net.train()
            for arch in archs:
                sgd.zero_grad(set_to_none=True)
                F.cross_entropy(net(x, arch), labels).backward()
                sgd.step()

        @torch.no_grad()
        def judge(net, x, labels, sgd):
            net.eval()
            for arch in archs:
                net(x, arch)

        for work, cycle in (("Train", train), ("Eval", judge)):
            for r in range(rounds + 1):
                for layout, *state in runs:
                    if only not in f"{work}/{name} {layout}":
                        continue
                    passed, cpu = time.perf_counter(), time.process_time()
                    cycle(*state)
                    passed, cpu = time.perf_counter() - passed, time.process_time() - cpu
                    if r > 0:
                        images = batch * len(archs)
                        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                        print(f"{work}/{name} {layout} {images / passed:.1f} img/s {images / cpu:.1f} img/cpu-s {peak:.0f} peak-MiB", flush=True)


main()
