"""The masks that a decoder learns to draw: of a finding, or of a region."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from maple_lib.data.phrase_mask import phrase_mask
from maple_lib.data.study import BoolMask, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.frame import masks_on_grid
from maple_lib.vocabulary import REGIONS


def target_mask(study: Study, target: str) -> BoolMask | None:
    """The (H, W) bool mask of a finding or a region; None where it is unknown.

    A finding's mask is the union of its lesions, or else of the places drawn for its phrases. A finding
    without any is absent and its mask empty, unless a label calls it present or uncertain: then nobody
    drew it. A region that nobody drew is unknown.
    """
    if target in REGIONS:
        return study.regions.get(target)
    masks = [lesion.mask for lesion in study.lesions if lesion.finding == target]
    if masks:
        return np.logical_or.reduce(masks)
    shape = study.image.pixels.shape
    drawn = [phrase_mask(p, shape) for p in study.phrases if p.finding == target]
    if drawn:
        return np.logical_or.reduce(drawn)
    return None if study.labels.get(target, 0) != 0 else np.zeros(shape, bool)


def training_truth(studies: Sequence[Study], targets: Sequence[str], size: int) -> tuple[Tensor, Tensor]:
    """Masks on the square that the method sees.

    Args:
        studies: n studies.
        targets: K findings or regions.
        size: S, side of the square in pixels.

    Returns:
        (n, K, S, S) bool, and (n, K) bool, True where the truth is known.
    """
    truth = torch.zeros(len(studies), len(targets), size, size, dtype=torch.bool)
    known = torch.zeros(len(studies), len(targets), dtype=torch.bool)
    for row, study in enumerate(studies):
        shares = masks_on_grid([target_mask(study, target) for target in targets], (size, size))
        known[row] = torch.from_numpy(~np.isnan(shares[:, 0, 0]))
        truth[row] = torch.from_numpy(shares >= 0.5)
    return truth, known


def check_shown(truth: Tensor, targets: Sequence[str]) -> None:
    """Raise a MapleError that names them if the training part shows nothing of some targets."""
    missing = [name for name, shown in zip(targets, truth.any(3).any(2).any(0), strict=True) if not shown]
    if missing:
        raise MapleError(
            f"{len(truth)} training studies",
            f"none has a mask of {', '.join(missing)}",
            "give more studies, or a protocol with other targets",
        )
