"""Times exact transport with POT on the points of BenchmarkTransport and BenchmarkEMD.

usage: pot_emd.py [rounds]        (pip install pot numpy)

Prints one line per case and round, so that rounds can be interleaved with those of the benchmarks: milliseconds of ot.emd2 on
given distances, of distances and ot.emd2 together, and the cost, which must be the benchmark's.
"""
import sys
import time

import numpy as np
import ot

U = np.uint64


def splitmix(base, i):
    with np.errstate(over="ignore"):
        z = U(base) + (i + U(1)) * U(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U(30))) * U(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U(27))) * U(0x94D049BB133111EB)
        return z ^ (z >> U(31))


def cloud(seed, n, d, shift, weighted):
    w = splitmix(seed, np.arange(n * d, dtype=U))
    parts = sum((w >> U(s)) & U(0xFFFF) for s in (0, 16, 32, 48))
    x = (parts.astype(np.float64) / 65536 + shift).reshape(n, d)
    if not weighted:
        return x, np.full(n, 1 / n)
    v = splitmix(seed + (1 << 40), np.arange(n, dtype=U)) >> U(11)
    a = -np.log((v.astype(np.float64) + 0.5) / (1 << 53))
    return x, a / a.sum()


rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
for n, m, d, weighted in ((200, 300, 8, 1), (1000, 1000, 2, 1), (1000, 1000, 8, 1), (1000, 1000, 2, 0),
                          (1000, 1000, 8, 0), (1000, 1000, 64, 1)):
    x, a = cloud(1, n, d, 0, weighted)
    y, b = cloud(2, m, d, 0.25, weighted)
    cost = ot.dist(x, y, metric="euclidean")
    ot.emd2(a, b, cost)
    for _ in range(rounds):
        t0 = time.perf_counter()
        value = ot.emd2(a, b, cost)
        t1 = time.perf_counter()
        ot.emd2(a, b, ot.dist(x, y, metric="euclidean"))
        t2 = time.perf_counter()
        name = f"{n}x{m}/{d}d_{'weighted' if weighted else 'uniform'}"
        print(f"{name} {1000 * (t1 - t0):.2f} ms given, {1000 * (t2 - t1):.2f} ms from points, cost {value:.12g}", flush=True)
