"""The atlas: an average chest laid over the image. The floor that a segmenter must beat."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.anatomy.confidence import Calibration
from maple_lib.anatomy.estimate import estimate
from maple_lib.anatomy.framing import find_frame
from maple_lib.anatomy.normalise import network_input
from maple_lib.anatomy.outline import body_span, fit, inverse, place
from maple_lib.anatomy.source import BLANK, Pixels, RegionEstimate, check_pixels, nothing
from maple_lib.anatomy.weights import ATLAS, find_segmenter, read_config, read_tensors

SIZE = 128  # height and width at which an image is looked at
SCORES = 96  # height and width of the scores


class Atlas:
    """Mean regions of many phantoms, stretched and shifted to an image.

    Args:
        names: R region names.
        template: (2, c, c) the average chest as ``network_input`` shows it, its body from edge to edge.
        masks: (R, c, c) share of phantoms whose region holds each pixel, in [0, 1].
        calibration: from the correlation of image and template to confidence.
        floor: regions with less confidence are missing from the result.
    """

    name = "atlas"

    def __init__(
        self,
        names: Sequence[str],
        template: Tensor,
        masks: Tensor,
        calibration: Calibration,
        floor: float = 0.3,
    ) -> None:
        self.names, self.template, self.masks = tuple(names), template, masks
        self.calibration, self.floor = calibration, floor

    def regions(self, pixels: Pixels) -> RegionEstimate:
        """The regions of one image; see ``AnatomySource``."""
        frame = find_frame(check_pixels(pixels))
        if frame is None:
            return nothing(self.names, BLANK, self.name)
        scores, likeness = self.scores(frame.square(check_pixels(pixels), SIZE))
        confidence = self.calibration(self.names, torch.full((len(self.names),), max(likeness, 0.0)))
        return estimate(self.names, scores, confidence, frame, self.floor, self.name)

    def regions_many(self, images: Sequence[Pixels]) -> list[RegionEstimate]:
        """The regions of several images; see ``AnatomySource``."""
        return [self.regions(pixels) for pixels in images]

    def scores(self, square: Tensor) -> tuple[Tensor, float]:
        """Logits of every region, and the correlation of image and average chest.

        Args:
            square: (1, 1, S, S), bone bright.

        Returns:
            (R, 96, 96) logits, and the correlation in [-1, 1].
        """
        found, likeness = fit(self.template, network_input(square)[0], body_span(square[0, 0]))
        grid = place(inverse(found[None]), SCORES)
        laid = F.grid_sample(self.masks[None], grid, align_corners=False)[0]
        return torch.logit(laid.clamp(0.0003, 0.9997)), likeness


def load_atlas(folder: str | Path | None = None, floor: float = 0.3) -> Atlas:
    """Open an atlas.

    Args:
        folder: of a segmenter; the one that comes with the repository if None.
        floor: regions with less confidence are missing from the result.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    where = find_segmenter() if folder is None else Path(folder)
    values = read_config(where)
    tensors = read_tensors(where, ATLAS, values["sha256"][ATLAS])
    names, calibration = values["network"]["regions"], Calibration.from_dict(values["atlas"])
    return Atlas(names, tensors["template"].float(), tensors["masks"].float() / 255, calibration, floor)


@lru_cache(maxsize=1)
def shipped_atlas() -> Atlas:
    """The atlas that comes with the repository, opened once."""
    return load_atlas()
