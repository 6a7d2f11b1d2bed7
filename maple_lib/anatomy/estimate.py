"""From scores on a small square to an estimate: which regions are there, how sure, and masks on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maple_lib.anatomy.framing import BoolMask, Frame
from maple_lib.anatomy.plausible import plausibility
from maple_lib.anatomy.source import TOO_SMALL, RegionEstimate

MIN_SHARE = 0.0006  # of the square; the smallest region of a phantom that shows half a chest has twice that

CRUMB = 0.2  # pieces smaller than this share of the largest are no part of a region
OUTSIDE = -4.0  # the logit they get


class ScoredMasks(Mapping[str, BoolMask]):
    """Region name -> (H, W) bool mask, drawn at the image's resolution when it is asked for.

    Args:
        scores: region name -> (s, s) logits on the frame's square.
        frame: where the square lies in the image.
    """

    def __init__(self, scores: Mapping[str, Tensor], frame: Frame) -> None:
        self._scores, self._frame = dict(scores), frame

    def __getitem__(self, name: str) -> BoolMask:
        return self._frame.restore(self._scores[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._scores)

    def __len__(self) -> int:
        return len(self._scores)

    def __contains__(self, name: object) -> bool:
        return name in self._scores

    def __repr__(self) -> str:
        return f"ScoredMasks({len(self)} masks of {self._frame.shape[0]}x{self._frame.shape[1]})"


def estimate(
    names: Sequence[str],
    scores: Tensor,
    confidence: NDArray[np.float64],
    frame: Frame,
    floor: float,
    source: str,
) -> RegionEstimate:
    """Keep the regions that are large and sure enough; say of each other why it is missing.

    Specks far from a region's main part are dropped: one of them would stretch the region's box.

    Args:
        names: R region names.
        scores: (R, s, s) logits on the frame's square.
        confidence: (R,) expected overlap with the truth, before anatomy is checked.
        frame: where the square lies in the image.
        floor: regions of less confidence are missing.
        source: who speaks.
    """
    found = (scores > 0).numpy()
    doubt = plausibility(dict(zip(names, found, strict=True)))
    kept: dict[str, Tensor] = {}
    sure: dict[str, float] = {}
    missing: dict[str, str] = {}
    for i, name in enumerate(names):
        value = float(confidence[i]) * doubt.get(name, 1.0)
        if found[i].mean() < MIN_SHARE:
            missing[name] = TOO_SMALL
        elif value < floor:
            missing[name] = f"not visible: confidence {value:.2f}, {floor:.2f} is asked for"
        else:
            kept[name], sure[name] = _without_crumbs(scores[i], found[i]).half(), value
    return RegionEstimate(ScoredMasks(kept, frame), sure, missing, source)


def _without_crumbs(scores: Tensor, found: BoolMask) -> Tensor:
    """The scores, with pieces of less than a fifth of the largest piece put outside."""
    from scipy import ndimage

    pieces, count = ndimage.label(found)
    if count < 2:
        return scores
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    crumbs = found & (sizes < CRUMB * sizes.max())[pieces]
    return scores.masked_fill(torch.from_numpy(crumbs), OUTSIDE)
