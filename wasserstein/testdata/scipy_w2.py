"""Times the squared Gaussian 2-Wasserstein distance tr(S1 + S2 - 2 sqrtm(S1 S2)) with SciPy.

usage: scipy_w2.py [rounds]        (threads: OPENBLAS_NUM_THREADS)

Covariances are those of 4q rectified vectors of a 32-factor model, as in BenchmarkW2. Prints one line per q and round, so
that rounds can be interleaved with those of the benchmark; every line is one call, after one untimed call: milliseconds that
passed, and processor milliseconds of all threads.
"""
import sys
import time

import numpy as np
from scipy import linalg


def distance(m1, s1, m2, s2):
    root = linalg.sqrtm(s1.dot(s2), disp=False)[0]
    if not np.isfinite(root).all():
        offset = np.eye(len(s1)) * 1e-6
        root = linalg.sqrtm((s1 + offset).dot(s2 + offset))
    if np.iscomplexobj(root):
        root = root.real
    d = m1 - m2
    return d.dot(d) + np.trace(s1) + np.trace(s2) - 2 * np.trace(root)


def moments(seed, q, shift):
    rng = np.random.default_rng(seed)
    n = 4 * q
    x = rng.standard_normal((n, 32)) @ rng.integers(-2, 3, (32, q)) + 1.2 * rng.standard_normal((n, q))
    x = np.maximum(0, x + shift * ((np.arange(q) % 7) - 3) / 4) / 2.0 ** (np.arange(q) % 4)
    return x.mean(0), np.cov(x, rowvar=False, bias=True)


rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
for q in (128, 512, 1280):
    args = moments(1, q, 0) + moments(2, q, 1)
    distance(*args)
    for _ in range(rounds):
        start, cpu = time.perf_counter(), time.process_time()
        distance(*args)
        passed, cpu = time.perf_counter() - start, time.process_time() - cpu
        print(f"q{q} {1000 * passed:.3f} ms {1000 * cpu:.3f} cpu-ms", flush=True)
