"""Pixels and masks of studies as tensors, padded to a square together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.anatomy.grid import masks_to_grid
from maple_lib.data.study import Study
from maple_lib.vocabulary import REGIONS


def images_tensor(studies: Sequence[Study], size: int) -> Tensor:
    """The studies' images as (B, 1, size, size) float in [0, 1], padded to a square, not stretched."""
    return torch.cat([_square(torch.from_numpy(s.image.pixels)[None, None], size) for s in studies])


def region_weights(studies: Sequence[Study], grid: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Region masks on the patch grid: (B, R, h, w) float in [0, 1], and (B, R) bool where present."""
    weights = torch.stack([_study_weights(s, grid) for s in studies])
    return weights, weights.flatten(2).sum(-1) > 0


def _square(image: Tensor, size: int) -> Tensor:
    image = _padded(image)
    if image.shape[-1] == size:
        return image
    smaller = F.interpolate(image, (size, size), mode="bilinear", antialias=True, align_corners=False)
    return smaller.clamp(0, 1)


def _study_weights(study: Study, grid: tuple[int, int]) -> Tensor:
    weights = torch.zeros(len(REGIONS), *grid)
    known = [i for i, name in enumerate(REGIONS) if name in study.regions]
    if known:
        masks = torch.from_numpy(np.stack([study.regions[REGIONS[i]] for i in known]))
        weights[known] = masks_to_grid(_padded(masks), grid)
    return weights


def _padded(image: Tensor) -> Tensor:
    """The same with zeros at both ends of its shorter axis: a square."""
    height, width = image.shape[-2:]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return F.pad(image, (left, side - width - left, top, side - height - top))
