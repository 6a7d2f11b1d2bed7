"""Time heat maps and all grounding metrics against a loop over images written from the definitions.

Both start from similarities on a 16 x 16 patch grid: smoothed, brought to the image, scored.

Run: python tests/benchmarks/bench_grounding.py [number of maps] [pixels of a side]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.metrics import average_precision_score

from maple_lib.evaluation.grounding import NORMALISATIONS, THRESHOLDS, score_maps, smooth_and_resize


def scene(count: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maps on the patch grid, lesions of about 4 % of the image, regions of about 16 %."""
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(count, 16, 16)).astype(np.float32)
    rows, columns = np.mgrid[:side, :side]
    y, x = rng.uniform(0.3, 0.7, (2, count, 1, 1)) * side
    far = np.maximum(np.abs(rows - y), np.abs(columns - x))
    return maps, far < 0.1 * side, far < 0.2 * side


def batched(maps: np.ndarray, masks: np.ndarray, regions: np.ndarray) -> dict[str, np.ndarray]:
    """The library's way."""
    return score_maps(smooth_and_resize(maps, size=masks.shape[1:]), masks, regions)


def naive_scores(patches: np.ndarray, mask: np.ndarray, region: np.ndarray) -> dict[str, float]:
    """All metrics of one image, as one would write them down."""
    smooth, cells, side = gaussian_filter(patches, 1.5), len(patches), len(mask)
    nearest = np.arange(side) * cells // side
    image = smooth[nearest[:, None], nearest]
    values, truth = image[~np.isnan(image)], mask[~np.isnan(image)]
    scores = {"cnr": _cnr(values, truth), "pointing": float(truth[values == values.max()].any())}
    unit = (values - values.min()) / (values.max() - values.min())
    scaled = dict(zip(NORMALISATIONS, (values.clip(0), unit, 2 * unit - 1), strict=True))
    for how, heat in scaled.items():
        overlaps = [((heat > t) & truth).sum() / ((heat > t) | truth).sum() for t in THRESHOLDS]
        scores[f"miou_{how}"] = float(np.mean(overlaps))
    scores["auprc"] = float(average_precision_score(truth, values))
    values, truth = image[region], mask[region]
    scores["region_cnr"] = _cnr(values, truth)
    scores["region_pointing"] = float(truth[values == values.max()].any())
    return scores


def _cnr(values: np.ndarray, truth: np.ndarray) -> float:
    inside, outside = values[truth].astype(np.float64), values[~truth].astype(np.float64)
    return float((inside.mean() - outside.mean()) / np.sqrt(inside.var() + outside.var()))


def seconds(call: Callable[[], object]) -> float:
    """Processor seconds of one call: other work on the machine does not count."""
    start = time.process_time()
    call()
    return time.process_time() - start


def main(count: int = 1162, side: int = 224) -> None:
    """Score, compare with the loop, print both times."""
    maps, masks, regions = scene(count, side)
    ours = min(seconds(lambda: batched(maps, masks, regions)) for _ in range(3))
    loop: list[dict[str, float]] = []
    theirs = seconds(
        lambda: loop.extend(naive_scores(*one) for one in zip(maps, masks, regions, strict=True))
    )
    scores = batched(maps, masks, regions)
    worst = max(float(np.abs(scores[name] - [row[name] for row in loop]).max()) for name in loop[0])
    print(f"{count} maps, 16 to {side} px, all metrics: batched {ours:.2f} s, loop {theirs:.2f} s")
    print(f"{theirs / ours:.1f} times as fast; largest difference {worst:.1e}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
