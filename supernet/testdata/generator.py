"""What elastic.py and lite.py share: numbers that need not be stored, and the channels of a width."""
import zlib

import numpy as np


def uniform(name, n):
    """n float32 in [-1, 1): SplitMix64's output function over a hash of the name and the position."""
    with np.errstate(over="ignore"):
        z = np.uint64(zlib.crc32(name.encode())) + (np.arange(n, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1).astype(np.float32)


def round8(v):
    n = max(8, int(v + 4) // 8 * 8)
    return n + 8 if n < 0.9 * v else n
