"""How good a source of masks is on phantoms it has not seen, and what its confidence is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maple_lib.anatomy.confidence import Calibration, calibrate, dice
from maple_lib.anatomy.source import AnatomySource
from maple_lib.data.study import Study
from maple_lib.training.segmenter.greys import disturb
from maple_lib.training.segmenter.negatives import spoil
from maple_lib.training.segmenter.store import Drawn
from maple_lib.training.segmenter.warp import warp
from maple_lib.vocabulary import REGIONS

Scores = NDArray[np.float64]
Promise = Callable[[Tensor], tuple[Tensor, Tensor]]


def region_dice(source: AnatomySource, studies: Sequence[Study]) -> dict[str, float]:
    """Mean Dice of every region over studies with exact masks; a region that is not found counts 0.

    Args:
        source: what is measured.
        studies: phantoms that it has not seen.

    Returns:
        Region name -> mean over the studies that show the region.
    """
    estimates = source.regions_many([study.image.pixels for study in studies])
    table = np.array(
        [
            [_overlap(study.regions[name], found.masks.get(name)) for name in REGIONS]
            for study, found in zip(studies, estimates, strict=True)
        ]
    )
    return {name: float(np.nanmean(column)) for name, column in zip(REGIONS, table.T, strict=True)}


def _overlap(truth: NDArray[np.bool_], found: NDArray[np.bool_] | None) -> float:
    if not truth.any():
        return float("nan")
    if found is None:
        return 0.0
    return 2 * float((truth & found).sum()) / float(truth.sum() + found.sum())


def fit_confidence(promise: Promise, drawn: Drawn, size: int, seed: int) -> Calibration:
    """Calibrate a source on phantoms disturbed as in training, a few of them beyond recognition.

    Args:
        promise: images (B, 1, size, size) -> logits (B, R, size/2, size/2) and the promised overlap (B, R).
        drawn: phantoms not trained on.
        size: of the images.
        seed: of the disturbances.
    """
    random = torch.Generator().manual_seed(seed)
    promised, found = [], []
    for start in range(0, len(drawn), 16):
        chosen = np.arange(start, min(start + 16, len(drawn)))
        images, masks = warp(*drawn.batch(chosen), size, random)
        images, masks = spoil(*disturb(images, masks, random), random)
        scores, hopes = promise(images)
        promised.append(hopes.double().numpy())
        found.append(dice(scores > 0, masks > 0.5).double().numpy())
    return calibrate(REGIONS, np.concatenate(promised), np.concatenate(found))
