"""Times updates of learners written in numpy, for comparison with BenchmarkComparison.

usage: numpy_speed.py [updates]        (default 2000; needs numpy; set OMP_NUM_THREADS=1)

The arithmetic is that of the Go code in float64: hedge backpropagation with ten layers of 64 units and ten features, and
networks with one head. Every line is a name and processor microseconds per update, the least of five rounds.
"""
import sys
import time

import numpy as np

UNITS, INPUTS = 64, 10


class Net:
    def __init__(self, layers, heads, rate, beta=0.99):
        rng = np.random.default_rng(0)
        size = [INPUTS] + [UNITS] * layers
        self.phi = [rng.normal(0, np.sqrt(2 / a), (b, a)) for a, b in zip(size, size[1:])]
        self.b = [np.zeros(UNITS) for _ in range(layers)]
        self.w = rng.normal(0, np.sqrt(1 / UNITS), (layers, UNITS))
        self.c = np.zeros(layers)
        self.alpha = np.full(layers, 1 / layers) if heads else None
        self.rate, self.beta = rate, beta

    def update(self, x, y):
        h = [x]
        for phi, b in zip(self.phi, self.b):
            h.append(np.maximum(phi @ h[-1] + b, 0))
        if self.alpha is not None:
            f = np.einsum("li,li->l", self.w, np.stack(h[1:])) + self.c
            grad = 2 * (f - y) * self.alpha
            prediction = self.alpha @ f
        else:
            prediction = self.w[-1] @ h[-1] + self.c[-1]
            grad = np.zeros(len(self.phi))
            grad[-1] = 2 * (prediction - y)
        below = np.zeros(UNITS)
        for l in range(len(self.phi) - 1, -1, -1):
            below += grad[l] * self.w[l]
            below *= h[l + 1] > 0
            self.w[l] -= self.rate * grad[l] * h[l + 1]
            self.b[l] -= self.rate * below
            step = np.outer(self.rate * below, h[l])
            if l:
                below = below @ self.phi[l]
            self.phi[l] -= step
        self.c -= self.rate * grad
        if self.alpha is not None:
            self.alpha *= self.beta ** np.minimum((f - y) ** 2, 1)
            self.alpha /= self.alpha.sum()
        return prediction


updates = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
rng = np.random.default_rng(1)
X = rng.normal(size=(256, INPUTS))
Y = 0.5 + 0.1 * X[:, 0] - 0.05 * X[:, 1] * X[:, 2]
for name, layers, heads in (("hedge", 10, True), ("mlp10", 10, False), ("mlp3", 3, False)):
    net, times = Net(layers, heads, 0.01), []
    for _ in range(5):
        start = time.process_time()
        for i in range(updates):
            net.update(X[i % 256], Y[i % 256])
        times.append(time.process_time() - start)
    print(f"{name} {1e6 * min(times) / updates:.1f}", flush=True)
