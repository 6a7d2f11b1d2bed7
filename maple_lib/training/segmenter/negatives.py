"""Images that show no upright frontal chest, so that the network learns to say so."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

SHARE = 0.05


def spoil(images: Tensor, masks: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Make a few images of a batch unlike any chest, and empty their masks.

    Args:
        images: (B, 1, S, S) in [0, 1].
        masks: (B, R, h, w).
        random: chooses which images, and how each is spoilt.
    """
    images, masks = images.clone(), masks.clone()
    for i in torch.nonzero(torch.rand(len(images), generator=random) < SHARE).flatten().tolist():
        way = _WAYS[int(torch.randint(0, len(_WAYS), (1,), generator=random))]
        images[i] = way(images[i], random)
        masks[i] = 0
    return images, masks


def _noise(image: Tensor, random: torch.Generator) -> Tensor:
    """White noise to clouds."""
    cells = int(torch.randint(3, image.shape[-1], (1,), generator=random))
    field = torch.rand(1, 1, cells, cells, generator=random)
    return F.interpolate(field, image.shape[-2:], mode="bicubic", align_corners=False)[0].clamp(0, 1)


def _shuffled(image: Tensor, random: torch.Generator) -> Tensor:
    """A chest cut into tiles that change places."""
    count = int(torch.randint(2, 5, (1,), generator=random))
    side = image.shape[-1] // count
    tiles = image[0, : side * count, : side * count].unfold(0, side, side).unfold(1, side, side)
    order = torch.randperm(count * count, generator=random)
    mixed = tiles.reshape(-1, side, side)[order].view(count, count, side, side).permute(0, 2, 1, 3)
    result = image.clone()
    result[0, : side * count, : side * count] = mixed.reshape(side * count, side * count)
    return result


def _turned(image: Tensor, random: torch.Generator) -> Tensor:
    """Lying on a side, or upside down."""
    return image.rot90(int(torch.randint(1, 4, (1,), generator=random)), (1, 2))


def _detail(image: Tensor, random: torch.Generator) -> Tensor:
    """A tenth of the image, enlarged: no chest can be recognised in it."""
    side = max(8, image.shape[-1] // 10)
    top, left = (int(v) for v in torch.randint(0, image.shape[-1] - side, (2,), generator=random))
    piece = image[None, :, top : top + side, left : left + side]
    return F.interpolate(piece, image.shape[-2:], mode="bilinear", align_corners=False)[0]


_WAYS = (_noise, _shuffled, _turned, _detail)
