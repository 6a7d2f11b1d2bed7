"""Where the body lies in a square image, and how an average chest must be stretched to fit into it."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.nn import functional as F

COARSE = 32  # height and width at which fits are compared
_FEWEST = 0.6  # share of the average chest that must lie inside the image for a fit to count
_MIDDLE = (0.3, 0.8)  # rows in which the body is as wide as it gets, whatever the arms do


def body_span(image: Tensor) -> tuple[float, float]:
    """Left and right edge of the body in the image's middle rows.

    Args:
        image: (S, S) grey values, bone bright; background, if there is any, is darker than skin.

    Returns:
        Edges in [-1, 1], the image's own edges being -1 and 1.
    """
    size = image.shape[-1]
    rows = image[int(_MIDDLE[0] * size) : int(_MIDDLE[1] * size)] > _otsu(image)
    rows = rows[rows.any(1)].float()
    if not len(rows):
        return -1.0, 1.0
    left = rows.argmax(1).float().median()
    right = size - rows.flip(1).argmax(1).float().median()
    span = float(2 * left / size - 1), float(2 * right / size - 1)
    return span if span[1] - span[0] > 0.5 else (-1.0, 1.0)


def _otsu(image: Tensor) -> Tensor:
    """The threshold that separates dark from bright with the least spread inside both (Otsu 1979)."""
    values = image.flatten().sort().values[:: max(1, image.numel() // 1024)]
    count = torch.arange(1, len(values))
    total = values.cumsum(0)
    low = total[:-1] / count
    high = (total[-1] - total[:-1]) / (len(values) - count)
    return values[int((count * (len(values) - count) * (high - low) ** 2).argmax())]


def fit(template: Tensor, views: Tensor, span: tuple[float, float]) -> tuple[Tensor, float]:
    """Stretch and shift an average chest until it looks most like an image.

    The body's outline gives width and place; how high the chest stands and how tall it is, which the outline
    does not tell where body fills the frame from top to bottom, is searched for.

    Args:
        template: (2, c, c) the average chest as ``network_input`` shows it, its body from edge to edge.
        views: (2, S, S) the image as ``network_input`` shows it.
        span: as ``body_span`` gives it.

    Returns:
        (4,) stretch and shift along x, then along y, from the template's coordinates to the image's, both in
        [-1, 1]; and how well they correlate, in [-1, 1].
    """
    small = F.adaptive_avg_pool2d(views[None], COARSE)
    wanted = F.adaptive_avg_pool2d(template[None], COARSE)[0]
    best = torch.tensor([(span[1] - span[0]) / 2, (span[1] + span[0]) / 2, 1.0, 0.0])
    value = -1.0
    for reach in (1.0, 0.45, 0.2):
        tried = _neighbours(best, reach)
        likeness = _likeness(wanted, small, tried)
        value = float(likeness.max())
        best = tried[int(likeness.argmax())]
    return best, value


def _neighbours(around: Tensor, reach: float) -> Tensor:
    """(K, 4) fits near one, the one itself among them."""
    stretches = (0.76, 0.87, 1.0, 1.15, 1.32)
    across, down = (-0.12, 0.0, 0.12), (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
    steps = torch.tensor(list(product(stretches, across, stretches, down)))
    factors, shifts = steps[:, ::2] ** reach, steps[:, 1::2] * reach
    return torch.stack(
        [
            around[0] * factors[:, 0],
            around[1] + shifts[:, 0],
            around[2] * factors[:, 1],
            around[3] + shifts[:, 1],
        ],
        1,
    )


def _likeness(wanted: Tensor, image: Tensor, fits: Tensor) -> Tensor:
    """(K,) correlation under each fit, over what lies inside the image; -1 where too little does."""
    grid = place(fits, COARSE)
    seen = F.grid_sample(image.expand(len(fits), -1, -1, -1), grid, align_corners=False)
    inside = (grid.abs() <= 1).all(-1)[:, None].float()
    share = inside.mean((1, 2, 3))
    total = inside.sum((2, 3), keepdim=True).clamp_min(1)

    def centred(values: Tensor) -> Tensor:
        return (values - (values * inside).sum((2, 3), keepdim=True) / total) * inside

    one, other = centred(seen), centred(wanted[None])
    norms = one.square().sum((2, 3)).sqrt() * other.square().sum((2, 3)).sqrt()
    values = ((one * other).sum((2, 3)) / norms.clamp_min(1e-6)).mean(1)
    return torch.where(share >= _FEWEST, values * share.sqrt(), -torch.ones_like(values))


def place(fits: Tensor, size: int) -> Tensor:
    """(K, size, size, 2) where each of the template's pixels lies in the image."""
    zero = torch.zeros(len(fits))
    rows = torch.stack([fits[:, 0], zero, fits[:, 1]], 1), torch.stack([zero, fits[:, 2], fits[:, 3]], 1)
    return F.affine_grid(torch.stack(rows, 1), [len(fits), 1, size, size], align_corners=False)


def inverse(fits: Tensor) -> Tensor:
    """The way back: (K, 4) from the image's coordinates to the template's."""
    stretch = 1 / fits[:, ::2]
    shift = -fits[:, 1::2] * stretch
    return torch.stack([stretch[:, 0], shift[:, 0], stretch[:, 1], shift[:, 1]], 1)
