#!/usr/bin/env python3
"""Writes the handwritten digits in examples/data/digits as IDX files, named as MNIST's are.

    python3 make_digits.py [FOLDER]     (needs scikit-learn; on Debian: apt-get install python3-sklearn)

scikit-learn carries the test part of the UCI set "Optical Recognition of Handwritten Digits": 1,797 images of 8x8
pixels, each the count 0..16 of the dark pixels in a 4x4 block of a 32x32 bitmap. Two things are done to it here:

* A pixel v becomes round(v * 255 / 16), halves to even, so that a reader of MNIST's files finds the bytes 0..255 that
  it expects. The counts come back as round(b * 16 / 255).
* The images are put in the order numpy.random.RandomState(0).permutation(1797), a stream that NumPy has frozen; the first
  1,437 are for training (train-*) and the last 360 for testing (t10k-*).
"""

import pathlib
import struct
import sys

import numpy as np
from sklearn.datasets import load_digits

TRAIN = 1437
UNSIGNED_BYTE = 0x08


def write_idx(path, array):
    """Writes an array of bytes: two zero bytes, the type, the number of dimensions, each size big-endian, the data."""
    header = struct.pack(">BBBB", 0, 0, UNSIGNED_BYTE, array.ndim)
    header += struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())
    print(f"{path.name}: {' x '.join(str(n) for n in array.shape)}")


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "digits"
    digits = load_digits()
    if digits.images.shape != (1797, 8, 8):
        sys.exit(f"expected 1797 images of 8x8, scikit-learn has {digits.images.shape}")
    images = np.rint(digits.images * 255 / 16)
    labels = digits.target

    order = np.random.RandomState(0).permutation(len(images))
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in (("train", order[:TRAIN]), ("t10k", order[TRAIN:])):
        write_idx(folder / f"{name}-images-idx3-ubyte", images[part])
        write_idx(folder / f"{name}-labels-idx1-ubyte", labels[part])


if __name__ == "__main__":
    main()
