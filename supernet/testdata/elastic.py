"""Writes elastic.json: training of an elastic supernet in PyTorch, as an oracle for TestElasticTraining.

Weights and images come from a counter-based generator, so that only results need to be stored. Tensors have the keys of
the supernet's store and PyTorch's layouts. usage: python3 elastic.py > elastic.json
"""
import json

import numpy as np
import torch
import torch.nn.functional as F

from generator import round8, uniform

torch.set_num_threads(1)
SIZE, CLASSES, BATCH, LR, MOMENTUM, DECAY = 20, 10, 6, 0.004, 0.9, 5e-4
WIDTHS, STRIDES = [8, 16, 24, 32, 40], [2, 2, 2, 1, 2]
HSWISH, SE = [False, False, True, True, True], [False, True, False, True, True]
ARCHS = [
    "2,3,2,4,2:7,3,5,7,3,5,7,3,5,3,7,7,3,3,5,7,5,7,3,3:6,3,4,4,3,6,4,3,4,6,3,3,6,3,4,4,3,6,4,3",
    "4,2,3,2,3:3,5,7,3,7,7,3,5,3,3,5,7,7,5,3,3,3,5,7,5:3,6,6,3,4,3,6,4,6,4,3,3,3,6,4,4,6,4,3,3",
    "3,4,4,3,4:5,7,3,5,3,7,5,7,7,5,3,5,5,7,7,3,7,3,5,7:4,4,3,6,6,4,3,6,3,3,6,4,4,4,6,3,3,3,6,6",
]

params, stats = {}, {}


def weight(key, *shape):
    fan = int(np.prod(shape[1:]))
    v = uniform(key, int(np.prod(shape))) * np.float32((3.0 / fan) ** 0.5)
    params[key] = torch.tensor(v.reshape(shape), dtype=torch.float64, requires_grad=True)


def vector(key, n, base):
    v = np.float32(base) + uniform(key, n) * np.float32(0.1)
    params[key] = torch.tensor(v, dtype=torch.float64, requires_grad=True)


def norm(key, n):
    vector(key + ".weight", n, 1)
    vector(key + ".bias", n, 0)
    stats[key + ".running_mean"] = torch.zeros(n, dtype=torch.float64)
    stats[key + ".running_var"] = torch.ones(n, dtype=torch.float64)


def build():
    weight("first_conv.conv.weight", 8, 3, 3, 3)
    norm("first_conv.bn", 8)
    weight("first_block.depth_conv.conv.weight", 8, 1, 3, 3)
    norm("first_block.depth_conv.bn", 8)
    weight("first_block.point_linear.conv.weight", 8, 8, 1, 1)
    norm("first_block.point_linear.bn", 8)
    cin = 8
    for s, width in enumerate(WIDTHS):
        for layer in range(4):
            p = f"stage{s+1}.layer{layer}"
            mid = 6 * cin
            weight(p + ".inverted_bottleneck.conv.weight", mid, cin, 1, 1)
            norm(p + ".inverted_bottleneck.bn", mid)
            weight(p + ".depth_conv.conv.weight", mid, 1, 7, 7)
            norm(p + ".depth_conv.bn", mid)
            if SE[s]:
                r = round8(mid // 4)
                weight(p + ".depth_conv.se.fc.reduce.weight", r, mid, 1, 1)
                vector(p + ".depth_conv.se.fc.reduce.bias", r, 0)
                weight(p + ".depth_conv.se.fc.expand.weight", mid, r, 1, 1)
                vector(p + ".depth_conv.se.fc.expand.bias", mid, 0)
            weight(p + ".point_linear.conv.weight", width, mid, 1, 1)
            norm(p + ".point_linear.bn", width)
            cin = width
    weight("final_expand_layer.conv.weight", 240, 40, 1, 1)
    norm("final_expand_layer.bn", 240)
    weight("feature_mix_layer.conv.weight", 320, 240, 1, 1)
    weight("classifier.linear.weight", 10, 320)
    vector("classifier.linear.bias", 10, 0)


def bn(key, x, train):
    c = x.size(1)
    return F.batch_norm(x, stats[key + ".running_mean"][:c], stats[key + ".running_var"][:c], params[key + ".weight"][:c],
                        params[key + ".bias"][:c], train, 0.1, 1e-5)


def block(p, x, k, mid, cout, stride, hswish, se, train, expand=True):
    act = F.hardswish if hswish else F.relu
    y, cin = x, x.size(1)
    if expand:
        y = act(bn(p + ".inverted_bottleneck.bn", F.conv2d(y, params[p + ".inverted_bottleneck.conv.weight"][:mid]), train))
    w = params[p + ".depth_conv.conv.weight"]
    m = (w.size(2) - k) // 2
    y = F.conv2d(y, w[:mid, :, m:m + k, m:m + k], None, stride, k // 2, 1, mid)
    y = act(bn(p + ".depth_conv.bn", y, train))
    if se:
        r, q = round8(mid // 4), p + ".depth_conv.se.fc."
        s = y.mean((2, 3), keepdim=True)
        s = F.relu(F.conv2d(s, params[q + "reduce.weight"][:r, :mid], params[q + "reduce.bias"][:r]))
        s = F.hardsigmoid(F.conv2d(s, params[q + "expand.weight"][:mid, :r], params[q + "expand.bias"][:mid]))
        y = y * s
    y = bn(p + ".point_linear.bn", F.conv2d(y, params[p + ".point_linear.conv.weight"][:, :mid]), train)
    return y + x if stride == 1 and cin == cout else y


def forward(x, arch, train):
    d, ks, es = ([int(v) for v in part.split(",")] for part in arch.split(":"))
    x = F.hardswish(bn("first_conv.bn", F.conv2d(x, params["first_conv.conv.weight"], None, 1, 1), train))
    x = block("first_block", x, 3, 8, 8, 1, False, False, train, expand=False)
    for s, width in enumerate(WIDTHS):
        for layer in range(d[s]):
            j = 4 * s + layer
            x = block(f"stage{s+1}.layer{layer}", x, ks[j], x.size(1) * es[j], width, STRIDES[s] if layer == 0 else 1, HSWISH[s], SE[s], train)
    x = F.hardswish(bn("final_expand_layer.bn", F.conv2d(x, params["final_expand_layer.conv.weight"]), train))
    x = F.hardswish(F.conv2d(x.mean((2, 3), keepdim=True), params["feature_mix_layer.conv.weight"]))
    return F.linear(x.flatten(1), params["classifier.linear.weight"], params["classifier.linear.bias"])


build()
start = {k: v.detach().clone() for k, v in params.items()}
x = torch.tensor(uniform("images", BATCH * 3 * SIZE * SIZE).reshape(BATCH, 3, SIZE, SIZE), dtype=torch.float64)
y = torch.arange(BATCH) % CLASSES
opt = torch.optim.SGD(params.values(), LR, MOMENTUM, weight_decay=DECAY)
losses = []
for step in range(4):
    opt.zero_grad(set_to_none=True)
    loss = F.cross_entropy(forward(x, ARCHS[step % 3], True), y)
    loss.backward()
    opt.step()
    losses.append(loss.item())
with torch.no_grad():
    logits = forward(x, ARCHS[1], False)
change = {k: v.detach() - start[k] for k, v in params.items()} | stats
sums = {k: [v.sum().item(), v.pow(2).sum().item()] for k, v in change.items()}
json.dump({"size": SIZE, "classes": CLASSES, "batch": BATCH, "lr": LR, "momentum": MOMENTUM, "weight_decay": DECAY, "archs": ARCHS,
           "losses": losses, "eval_arch": ARCHS[1], "eval_logits": logits.flatten().tolist(), "sums_of_change": sums}, __import__("sys").stdout, indent=1)
print()
