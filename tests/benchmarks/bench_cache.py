"""How fast an image comes from the cache at 224 pixels, against reading its DICOM with pydicom and Pillow.

Run on one core: taskset -c 0 python tests/benchmarks/bench_cache.py [--images 200]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from bench_dicom import alternating, radiograph
from PIL import Image as Pillow

from maple_lib.data.cache import ImageCache
from maple_lib.data.dicom.write import COMPRESSIONS, DicomStyle, write_dicom
from maple_lib.data.study import Image, Study

SIZE = 224


def cached_time(folder: Path, count: int) -> float:
    """Process seconds an image that is in the cache, opened by a process that has not seen it before."""
    rng = np.random.default_rng(0)
    paths = [folder / f"{i}.png" for i in range(count)]
    for path in paths:
        Pillow.fromarray(rng.integers(0, 256, (300, 250), dtype=np.uint8)).save(path)
        ImageCache(folder / "cache", SIZE).read(path)
    cache = ImageCache(folder / "cache", SIZE)
    start = time.process_time()
    for path in paths:
        cache.read(path)
    return (time.process_time() - start) / count


def main() -> None:
    """Print the time from the cache, and how many times as long each compression takes to read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    options = parser.parse_args()
    study = Study("bench", "bench", lambda: Image(radiograph()))
    with tempfile.TemporaryDirectory() as name:
        quick = cached_time(Path(name), options.images)
        print(f"from the cache: {1e3 * quick:.2f} ms")
        for compression in COMPRESSIONS:
            path = write_dicom(study, Path(name) / "a.dcm", DicomStyle(16, True, compression))
            _, slow = alternating(path, 2)
            print(f"{compression:12} pydicom and Pillow {1e3 * slow:6.0f} ms: {slow / quick:6.0f} times")


if __name__ == "__main__":
    main()
