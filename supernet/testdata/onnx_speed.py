"""Times exported networks in onnxruntime, for comparison with BenchmarkClassify.

usage: onnx_speed.py THREADS        (needs onnxruntime and numpy)

Every line of standard input is a batch size, the fewest seconds to run and a file; the answer is a line with the median
seconds of a run, after three untimed ones. Sessions stay open, and wait asleep while others are timed.
"""
import statistics
import sys
import time

import numpy as np
import onnxruntime

sessions = {}
for line in sys.stdin:
    batch, seconds, file = line.rstrip("\n").split(" ", 2)
    batch, seconds = int(batch), float(seconds)
    if file not in sessions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(sys.argv[1])
        sessions[file] = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    session = sessions[file]
    i = session.get_inputs()[0]
    x = np.random.default_rng(0).standard_normal([batch] + i.shape[1:], dtype=np.float32)
    for _ in range(3):
        session.run(["logits"], {i.name: x})
    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < seconds or len(times) < 5:
        start = time.perf_counter()
        session.run(["logits"], {i.name: x})
        times.append(time.perf_counter() - start)
    print(statistics.median(times), flush=True)
