"""How fast a 2,500 x 3,000 16-bit radiograph is read to 512 pixels, against pydicom and Pillow.

Run: python tests/benchmarks/bench_dicom.py [--repeat 5], or with --table FOLDER to list what becomes of the
DICOM files in a folder.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
from PIL import Image as Pillow
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from maple_lib.data.dicom.write import COMPRESSIONS, DicomStyle, write_dicom
from maple_lib.data.read import read_image
from maple_lib.data.resample import fit_size, resize
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

SHAPE, SIZE = (2500, 3000), 512


def radiograph(seed: int = 0) -> np.ndarray:
    """Smooth structure plus detector noise, about as hard to compress as a real one; (H, W) in [0, 1]."""
    rng = np.random.default_rng(seed)
    coarse = Pillow.fromarray(rng.random((40, 48), dtype=np.float32))
    smooth = np.asarray(coarse.resize(SHAPE[::-1], Pillow.Resampling.BICUBIC))
    return np.clip(0.8 * smooth + 0.1 + rng.normal(0, 0.001, SHAPE), 0, 1).astype(np.float32)


def ours(path: Path) -> np.ndarray:
    """Read and resize with this package."""
    return resize(read_image(path).pixels, SIZE)


def theirs(path: Path) -> np.ndarray:
    """Read with pydicom's modality and VOI functions, resize with Pillow."""
    dataset = pydicom.dcmread(path)
    shown = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    grey = (shown / (2**dataset.BitsStored - 1)).astype(np.float32)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        grey = 1 - grey
    height, width = fit_size(grey.shape, SIZE)
    return np.asarray(Pillow.fromarray(grey).resize((width, height), Pillow.Resampling.BILINEAR))


def best(read: Callable[[Path], np.ndarray], path: Path, repeat: int) -> float:
    """Shortest of several runs, in seconds: the one that others disturbed least."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        read(path)
        times.append(time.perf_counter() - start)
    return min(times)


def peak(path: Path) -> float:
    """Largest memory of one read, in bytes a pixel, as Python's allocator sees it."""
    tracemalloc.start()
    ours(path)
    top = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return top / (SHAPE[0] * SHAPE[1])


def outcome(path: Path) -> str:
    """``"read"``, or the error without the file's name."""
    try:
        read_image(path)
    except MapleError as error:
        return error.problem
    return "read"


def print_outcomes(folder: Path) -> None:
    """Print how many files had each outcome, then every file's own."""
    outcomes = {path.name: outcome(path) for path in sorted(folder.iterdir()) if path.is_file()}
    for what, count in Counter(outcomes.values()).most_common():
        print(f"{count:4}  {what}")
    for name, what in outcomes.items():
        print(f"{name:60} {what}")


def main() -> None:
    """Print the times, one line a compression, or the outcomes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--table", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    if options.table:
        print_outcomes(options.table)
    else:
        print_times(options.repeat)


def print_times(repeat: int) -> None:
    """Write one image in each compression, read it both ways, print what that took."""
    study = Study("bench", "bench", lambda: Image(radiograph()))
    print(
        f"{'compression':12} {'ours':>8} {'pydicom':>8} {'ratio':>6} {'difference':>11} {'bytes/pixel':>12}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for compression in COMPRESSIONS:
            style = DicomStyle(bits=16, inverted=True, compression=compression)
            path = write_dicom(study, Path(folder) / "image.dcm", style)
            fast, slow = best(ours, path, repeat), best(theirs, path, repeat)
            apart = np.abs(ours(path) - theirs(path)).max()
            times = f"{1e3 * fast:6.0f}ms {1e3 * slow:6.0f}ms {slow / fast:6.2f}"
            print(f"{compression:12} {times} {apart:11.1e} {peak(path):12.1f}")


if __name__ == "__main__":
    main()
