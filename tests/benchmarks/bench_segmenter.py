"""The segmenter and the atlas: Dice on held-out phantoms, and both lungs on real radiographs.

Run: ``python tests/benchmarks/bench_segmenter.py``, ``--phantoms 0`` for the radiographs alone.
Real radiographs have no masks. What is counted on them: both lungs found, the right one at the image's left
and level with the other; and, where a plain threshold finds two dark fields, the overlap with those.
Set OMP_NUM_THREADS=1 for a fair single-core figure.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from maple_lib.anatomy import AnatomySource, RegionEstimate, anatomy_source, list_anatomy_sources
from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.data.read import read_image
from maple_lib.data.resample import resize
from maple_lib.training.segmenter.quality import region_dice

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"
FOLDERS = {"NIH": REAL / "nih_chestxray14" / "images", "Hannover": REAL / "hannover_cxr" / "png"}
SEED = 2027  # of phantoms that neither training, calibration nor the model card used
LUNGS = ("right lung", "left lung")
SIZE = 256


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * float((one & other).sum()) / max(1.0, float(one.sum() + other.sum()))


def dark_fields(pixels: np.ndarray) -> dict[str, np.ndarray] | None:
    """Both lungs by Otsu's threshold alone: the largest dark field inside each half; None if that fails."""
    from skimage.filters import threshold_otsu

    smooth = ndimage.gaussian_filter(pixels, 2)
    middle = smooth[SIZE // 8 : -SIZE // 8, SIZE // 8 : -SIZE // 8]
    pieces, count = ndimage.label(ndimage.binary_opening(smooth < threshold_otsu(middle), iterations=2))
    rim = set(np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]))
    fields: dict[str, np.ndarray] = {}
    for label in range(1, count + 1):
        field = pieces == label
        share = field.mean()
        if label in rim or not 0.03 < share < 0.3:
            continue
        side = LUNGS[int(np.nonzero(field)[1].mean() > pixels.shape[1] / 2)]
        if side not in fields or share > fields[side].mean():
            fields[side] = ndimage.binary_fill_holes(field)
    return fields if len(fields) == 2 else None


def lungs_in_place(found: RegionEstimate) -> bool:
    """Both lungs found, right at the image's left, neither overlapping the other's half by much."""
    if not all(name in found.masks for name in LUNGS):
        return False
    right, left = (np.nonzero(found.masks[name]) for name in LUNGS)
    apart = left[1].mean() - right[1].mean()
    level = abs(left[0].mean() - right[0].mean())
    sizes = sorted((len(right[0]), len(left[0])))
    height, width = found.masks["right lung"].shape
    return bool(apart > 0.15 * width and level < 0.15 * height and sizes[0] > 0.25 * sizes[1])


def score_real(source: AnatomySource, images: Sequence[np.ndarray]) -> dict[str, float]:
    estimates = source.regions_many(images)
    overlaps: list[float] = []
    for image, found in zip(images, estimates, strict=True):
        fields = dark_fields(image)
        if fields:
            overlaps += [dice(fields[n], found.masks[n]) if n in found.masks else 0.0 for n in LUNGS]
    sure = [found.confidence[name] for found in estimates for name in LUNGS if name in found.confidence]
    return {
        "images": len(images),
        "lungs in place": sum(map(lungs_in_place, estimates)),
        "lungs comparable with a threshold": len(overlaps),
        "median Dice with it": float(np.median(overlaps)) if overlaps else float("nan"),
        "10th percentile": float(np.percentile(overlaps, 10)) if overlaps else float("nan"),
        "mean confidence of lungs": float(np.mean(sure)),
        "mean number of regions": float(np.mean([len(found.masks) for found in estimates])),
    }


def bench_phantoms(count: int) -> None:
    held_out = PhantomSequence(count, SEED, 224)
    scores = {name: region_dice(anatomy_source(name), held_out) for name in list_anatomy_sources()}
    print(f"Dice on {count} held-out phantoms of seed {SEED}")
    for region in scores["segmenter"]:
        print(f"  {region:28s}" + "".join(f"{scores[name][region]:10.3f}" for name in scores))
    means = "".join(f"{np.mean(list(one.values())):10.3f}" for one in scores.values())
    print(f"  {'mean (' + ', '.join(scores) + ')':28s}{means}")


def bench_real() -> None:
    for place, folder in FOLDERS.items():
        if not folder.is_dir():
            print(f"{place}: not there")
            continue
        images = [resize(read_image(path).pixels, SIZE) for path in sorted(folder.glob("*.png"))]
        square = [np.pad(i, [(0, SIZE - i.shape[0]), (0, SIZE - i.shape[1])]) for i in images]
        for name in list_anatomy_sources():
            began = time.perf_counter()
            result = score_real(anatomy_source(name), square)
            took = (time.perf_counter() - began) / len(square)
            said = ", ".join(f"{key} {value:.3g}" for key, value in result.items())
            print(f"{place}, {name}: {said}; {1000 * took:.0f} ms an image, masks of both lungs drawn")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=int, default=200)
    if count := parser.parse_args().phantoms:
        bench_phantoms(count)
    bench_real()
