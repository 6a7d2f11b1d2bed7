"""Random geometry: patients of other shapes, in other positions, cut by other borders."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.vocabulary import REGIONS

MIRRORED = 0.10  # share of images mirrored: sides are told by the place, also where the heart points right


def mirror_names(names: tuple[str, ...]) -> list[int]:
    """The channel of each region's mirror image: right and left change places, the midline stays."""
    other = {"right ": "left ", "left ": "right "}
    swapped = []
    for name in names:
        side = next((s for s in other if name.startswith(s)), None)
        twin = other[side] + name.removeprefix(side) if side else name
        swapped.append(names.index(twin) if twin in names else names.index(name))
    return swapped


SWAP = mirror_names(REGIONS)


def warp(images: Tensor, masks: Tensor, size: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Turn, stretch, shift, bend and sometimes mirror a batch; what is given may be changed.

    Args:
        images: (B, 1, S, S).
        masks: (B, R, S/2, S/2) in [0, 1], regions in the vocabulary's order.
        size: height and width of the result in pixels.
        random: every image gets its own draws.

    Returns:
        Images (B, 1, size, size), and masks (B, R, size/2, size/2); what leaves the frame is gone from both.
    """
    _mirror(images, masks, random)
    place = _places(len(images), size, random)
    warped = F.grid_sample(images, place, "bilinear", "zeros", align_corners=False)
    half = F.avg_pool2d(place.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    return warped, F.grid_sample(masks, half, "bilinear", "zeros", align_corners=False)


def _mirror(images: Tensor, masks: Tensor, random: torch.Generator) -> None:
    """Mirror some of the images, in place."""
    chosen = torch.rand(len(images), generator=random) < MIRRORED
    images[chosen] = images[chosen].flip(-1)
    masks[chosen] = masks[chosen][:, SWAP].flip(-1)


def _places(count: int, size: int, random: torch.Generator) -> Tensor:
    """(B, size, size, 2) where each pixel comes from, in [-1, 1]."""
    grid = F.affine_grid(_affine(count, random), [count, 1, size, size], align_corners=False)
    bend = torch.randn(count, 2, 5, 5, generator=random) * (
        0.045 * torch.rand(count, 1, 1, 1, generator=random)
    )
    return grid + F.interpolate(bend, (size, size), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)


def _affine(count: int, random: torch.Generator) -> Tensor:
    """(B, 2, 3) matrices from the result to the source."""

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=random)

    angle = between(-1, 1) * between(0, 1) * math.radians(14)
    zoom = torch.exp(between(math.log(0.72), math.log(1.3)))  # below 1 the chest fills more of the frame
    wide = torch.exp(between(-0.16, 0.16))
    shear = between(-0.06, 0.06)
    cos, sin = angle.cos(), angle.sin()
    rows = [zoom * wide * cos, zoom * (shear - sin), between(-0.13, 0.13)]
    columns = [zoom * sin, zoom / wide * cos, between(-0.16, 0.16)]
    return torch.stack([torch.stack(rows, 1), torch.stack(columns, 1)], 1)
