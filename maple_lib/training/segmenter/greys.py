"""Random grey values: tissues of other brightness, shadows, noise, letters, borders, pixels that lie."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.vocabulary import REGIONS

# Tissues whose brightness varies by itself: (region, mean change, deviation), in shares of the grey range.
TISSUES = (
    ("right lung", 0.03, 0.09),
    ("left lung", 0.03, 0.09),
    ("right lower lung zone", 0.04, 0.07),
    ("left lower lung zone", 0.04, 0.07),
    ("right upper lung zone", 0.0, 0.05),
    ("left upper lung zone", 0.0, 0.05),
    ("spine", -0.05, 0.08),
    ("cardiac silhouette", 0.02, 0.07),
    ("mediastinum", 0.0, 0.07),
    ("upper mediastinum", 0.0, 0.05),
    ("aortic arch", -0.03, 0.05),
    ("abdomen", 0.0, 0.10),
    ("trachea", -0.02, 0.04),
    ("right clavicle", 0.0, 0.05),
    ("left clavicle", 0.0, 0.05),
    ("right hilar structures", 0.02, 0.05),
    ("left hilar structures", 0.02, 0.05),
)
_ROWS = [REGIONS.index(name) for name, _, _ in TISSUES]


def disturb(images: Tensor, masks: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Change grey values as machines, patients and film do.

    Window and gamma are left out: the network's input undoes them.

    Args:
        images: (B, 1, S, S) in [0, 1].
        masks: (B, R, S/2, S/2).
        random: every image gets its own draws.

    Returns:
        Images (B, 1, S, S) in [0, 1], and the masks without what a border now covers.
    """
    images = images + _tissues(images, masks, random) * (images > 0.01)
    images = images + _shadows(images, random) + _patches(images, random)
    images = _blurred(images, random)
    noise = torch.randn(images.shape, generator=random) * _each(images, 0, 0.04, random)
    images = _strokes(images + noise, random)
    images = _local_contrast(images, random)
    low, high = _each(images, -0.1, 0.12, random), _each(images, 0.75, 1.1, random)
    inside, colour = _blades(images, random)
    images = torch.where(inside, ((images - low) / (high - low)).clamp(0, 1), colour)
    return images, masks * F.max_pool2d(inside.float(), 2)


def _each(images: Tensor, low: float, high: float, random: torch.Generator) -> Tensor:
    """One uniform draw per image, (B, 1, 1, 1)."""
    return low + (high - low) * torch.rand(len(images), 1, 1, 1, generator=random)


def _tissues(images: Tensor, masks: Tensor, random: torch.Generator) -> Tensor:
    mean = torch.tensor([m for _, m, _ in TISSUES])
    deviation = torch.tensor([d for _, _, d in TISSUES])
    change = mean + deviation * torch.randn(len(images), len(TISSUES), generator=random)
    change = change * _each(images, 0, 1.2, random)[:, :, 0, 0]
    field = torch.einsum("br,brhw->bhw", change, masks[:, _ROWS])[:, None]
    field = F.avg_pool2d(field, 5, 1, 2)
    return F.interpolate(field, images.shape[-2:], mode="bilinear", align_corners=False)


def _shadows(images: Tensor, random: torch.Generator) -> Tensor:
    """Smooth brightening and darkening across the image: breasts, cushions, the anode's heel."""
    total = torch.zeros_like(images)
    for cells, strength in ((3, 0.14), (6, 0.09), (12, 0.06)):
        field = torch.randn(len(images), 1, cells, cells, generator=random) * _each(
            images, 0, strength, random
        )
        total += F.interpolate(field, images.shape[-2:], mode="bicubic", align_corners=True)
    return total


def _patches(images: Tensor, random: torch.Generator) -> Tensor:
    """Three soft discs an image: opacities, breasts, gas; many of them too faint to see."""
    size = images.shape[-1]
    axis = torch.linspace(-1, 1, size)
    total = torch.zeros_like(images)
    for _ in range(3):
        x, y = _each(images, -0.9, 0.9, random), _each(images, -0.6, 1.0, random)
        rx, ry = _each(images, 0.06, 0.4, random), _each(images, 0.06, 0.4, random)
        distance = ((axis[None, None, None] - x) / rx) ** 2 + ((axis[None, None, :, None] - y) / ry) ** 2
        edge = _each(images, 1.5, 12, random)
        total += torch.sigmoid((1 - distance) * edge) * _each(images, -0.12, 0.22, random).relu_().sub(0.04)
    return total * (torch.rand(len(images), 1, 1, 1, generator=random) < 0.7)


def _blurred(images: Tensor, random: torch.Generator) -> Tensor:
    soft = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), "replicate"), 3, 1)
    softer = F.avg_pool2d(F.pad(soft, (2, 2, 2, 2), "replicate"), 5, 1)
    share, more = _each(images, -0.3, 1, random).clamp_min(-0.2), _each(images, -1.5, 1, random).clamp_min(0)
    return images + share * (soft - images) + more * (softer - soft)


def _strokes(images: Tensor, random: torch.Generator) -> Tensor:
    """Bright or dark bars and boxes: tubes, wires, letters, plates, and a piece cut out."""
    images = images.clone()
    size = images.shape[-1]
    for image in images:
        for _ in range(int(torch.randint(0, 4, (1,), generator=random))):
            top, left = (int(v) for v in torch.randint(0, size - 8, (2,), generator=random))
            tall, wide = (int(2 + size * v**3 / 3) for v in torch.rand(2, generator=random))
            grey, cover = torch.rand(2, generator=random)
            box = image[0, top : top + tall, left : left + wide]
            box += (0.3 + 0.7 * cover) * (grey * 1.1 - box)
    return images


def _local_contrast(images: Tensor, random: torch.Generator) -> Tensor:
    """What a console's dynamic range compression does: take away part of the slow changes."""
    size = images.shape[-1]
    small = F.adaptive_avg_pool2d(images, 10)
    slow = F.interpolate(small, (size, size), mode="bilinear", align_corners=False)
    share = _each(images, -0.5, 0.7, random).clamp_min(0)
    return images - share * (slow - slow.mean((2, 3), keepdim=True))


def _blades(images: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """(B, 1, S, S) bool inside blades, film edges and padding, and their grey: black, seldom white."""
    axis = torch.linspace(0, 1, images.shape[-1])
    edges = torch.rand(4, len(images), 1, 1, 1, generator=random) * 0.14
    edges = edges * (torch.rand(edges.shape, generator=random) < 0.25)
    rows, columns = axis[None, None, :, None], axis[None, None, None]
    inside = (rows >= edges[0]) & (rows < 1 - edges[1]) & (columns >= edges[2]) & (columns < 1 - edges[3])
    white = (torch.rand(len(images), 1, 1, 1, generator=random) < 0.1).float()
    return inside, white
