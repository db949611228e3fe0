"""Runs what `go run ./examples/export` wrote with other people's software.

    python3 check.py FOLDER

For every network below FOLDER: the ONNX checker accepts both files, with
shapes inferred; onnxruntime, given the images as the metadata of the file say,
agrees with the network's own answers, for the whole batch and for single images;
photos of other shapes, prepared by classify.py from the metadata, get the
network's answers; the safetensors file holds the very weights of the ONNX file, and its
classifier turns the features into the logits.
"""

import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from safetensors.numpy import load_file

import classify

TOLERANCE = 1e-4


def distance(got, want, scale=None):
    """Largest difference, relative to values above 1, or above scale."""
    assert got.shape == want.shape, f"shape {got.shape}, expected {want.shape}"
    return float(np.max(np.abs(got - want) / np.maximum(scale or 1, np.abs(want))))


def span(values):
    """Largest value: features and logits are sums of large terms, so small ones are as uncertain as large ones."""
    return max(1, np.max(np.abs(values)))


def run(path, pixels):
    """Outputs by name for images of bytes, prepared as the metadata say."""
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta().custom_metadata_map
    mean, std = (np.array(json.loads(meta["normalization_" + k]), np.float32) for k in ("mean", "std"))
    assert pixels.shape[1] == pixels.shape[2] == int(meta["input_size"]), "size of images"
    x = ((pixels.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2)
    names = [o.name for o in session.get_outputs()]
    assert len(json.loads(meta["classes"])) == session.get_outputs()[0].shape[1], "number of classes"
    assert isinstance(session.get_inputs()[0].shape[0], str), "the batch is not free"
    whole = dict(zip(names, session.run(names, {"images": x})))
    single = dict(zip(names, session.run(names, {"images": x[:1]})))
    for name in names:
        d = distance(single[name], whole[name][:1], span(whole[name]))
        assert d < TOLERANCE, f"{name} of one image differs by {d:g} from that in a batch"
    return whole


def check(folder):
    """Largest differences of both files, and how many tensors agree."""
    pixels, probabilities, features = (np.load(folder / f"{n}.npy") for n in ("images", "probabilities", "features"))
    weights = load_file(folder / "model.safetensors")
    classifier = [k for k in weights if k.endswith(".weight") and weights[k].ndim == 2][-1].removesuffix(".weight")
    logits = features @ weights[classifier + ".weight"].T + weights[classifier + ".bias"]
    worst = []
    for name in ("model", "unfolded"):
        got = run(folder / f"{name}.onnx", pixels)
        ds = [distance(got["probabilities"], probabilities), distance(got["features"], features, span(features)), distance(got["logits"], logits, span(logits))]
        assert max(ds) < TOLERANCE, f"{name}.onnx differs by {ds}"
        worst.append(max(ds))
    wanted = np.load(folder / "photos.npy")
    photos = [classify.pixels(folder / f"photo{i}.png") for i in range(len(wanted))]
    d = distance(classify.Network(folder / "model.onnx").classify(photos), wanted)
    assert d < TOLERANCE, f"photos: probabilities differ by {d:g}"
    stored = {t.name: numpy_helper.to_array(t) for t in onnx.load(folder / "unfolded.onnx").graph.initializer}
    for key, value in weights.items():
        assert key in stored and np.array_equal(stored[key], value), f"{key} differs between safetensors and ONNX"
    return worst, len(weights)


def main(root):
    folders = sorted(p.parent for p in pathlib.Path(root).glob("*/model.onnx"))
    if not folders:
        sys.exit(f"no networks in {root}")
    failed = 0
    for folder in folders:
        try:
            (folded, unfolded), tensors = check(folder)
            print(f"{folder.name:22} folded {folded:.1e}  unfolded {unfolded:.1e}  {tensors} tensors agree")
        except Exception as e:  # report all networks before failing
            failed += 1
            print(f"{folder.name:22} FAILED: {e}")
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {len(folders) - failed} of {len(folders)} networks agree within {TOLERANCE:g}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
