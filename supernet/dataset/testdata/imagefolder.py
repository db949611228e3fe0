"""Lists a folder of class folders with torchvision's ImageFolder; with --read it decodes all images, too.

    python3 -m pip install torchvision
    python3 imagefolder.py FOLDER [--read]

Prints seconds and processor seconds without those of the imports, and the most
memory held, before and after. The peer of BenchmarkOpenFolder.
"""

import resource
import sys
import time

import numpy as np
from torchvision.datasets import ImageFolder


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder, *flags):
    before, start, used = peak(), time.perf_counter(), time.process_time()
    data = ImageFolder(folder)
    what = "listed"
    if "--read" in flags:
        what = "read"
        first = np.asarray(data[0][0])
        images = np.empty((len(data), *first.shape), np.uint8)
        for i in range(len(data)):
            images[i] = np.asarray(data[i][0])
    print(f"{what} {len(data)} images of {len(data.classes)} classes: {time.perf_counter() - start:.2f} s, "
          f"{time.process_time() - used:.2f} processor s, {peak():.0f} MiB, {before:.0f} MiB of it before")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
