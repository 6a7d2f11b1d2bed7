"""How fast a 2,500 x 3,000 16-bit radiograph is read to 512 pixels, against pydicom and Pillow.

Run on one core: taskset -c 0 python tests/benchmarks/bench_dicom.py [--repeat 5] [--bits 16]
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import tempfile
import time
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


def alternating(path: Path, repeat: int) -> tuple[float, float]:
    """Shortest of several runs of both, in seconds, taken in turns: what disturbs one disturbs the other."""
    times: dict[Callable[[Path], np.ndarray], list[float]] = {ours: [], theirs: []}
    for _ in range(repeat):
        for read, taken in times.items():
            start = time.process_time()
            read(path)
            taken.append(time.process_time() - start)
    return min(times[ours]), min(times[theirs])


def peak(path: Path, style: DicomStyle) -> float:
    """Memory that one read adds to a fresh process, in bytes a pixel: what C code takes is counted too."""
    small = path.with_name("small.dcm")
    pixels = np.random.default_rng(0).random((64, 64), np.float32)
    write_dicom(Study("small", "small", lambda: Image(pixels)), small, style)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(grown, (small, path)) / (SHAPE[0] * SHAPE[1])


def grown(small: Path, large: Path) -> float:
    """Bytes by which reading the large image raises the peak that the small one left."""
    ours(small)
    before = highest()
    ours(large)
    return highest() - before


def highest() -> float:
    """Peak memory of this process in bytes, as Linux counts it; NaN elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((1024.0 * int(line.split()[1]) for line in lines if line.startswith("VmHWM")), math.nan)


def main() -> None:
    """Print the times, one line a compression."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--bits", type=int, default=16, help="bits stored a pixel, 12 in many detectors")
    options = parser.parse_args()
    print_times(options.repeat, options.bits)


def print_times(repeat: int, bits: int) -> None:
    """Write one image in each compression, read it both ways, print what that took."""
    study = Study("bench", "bench", lambda: Image(radiograph()))
    print(
        f"{'compression':12} {'ours':>8} {'pydicom':>8} {'ratio':>6} {'difference':>11} {'bytes/pixel':>12}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for compression in COMPRESSIONS:
            style = DicomStyle(bits=bits, inverted=True, compression=compression)
            path = write_dicom(study, Path(folder) / "image.dcm", style)
            fast, slow = alternating(path, repeat)
            apart = np.abs(ours(path) - theirs(path)).max()
            times = f"{1e3 * fast:6.0f}ms {1e3 * slow:6.0f}ms {slow / fast:6.2f}"
            print(f"{compression:12} {times} {apart:11.1e} {peak(path, style):12.1f}")


if __name__ == "__main__":
    main()
