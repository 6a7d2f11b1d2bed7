"""Patches cut out of images around given centres, in 2-D and 3-D."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.errors import MapleError


def extract_patches(images: Tensor, centres: Tensor, size: int | Sequence[int]) -> Tensor:
    """Cut a patch around every centre; what lies outside the image is 0.

    Args:
        images: (B, C, H, W) or (B, C, D, H, W).
        centres: (B, K, 2) or (B, K, 3) whole numbers; patch ``[c - size // 2, c - size // 2 + size)`` along
            each axis. Centres outside the image are allowed.
        size: of the patches, one number or one for each axis.

    Returns:
        (B, K, C, *size), differentiable in the images.

    Raises:
        MapleError: if the shapes disagree.
    """
    dims = images.ndim - 2
    sizes = (size,) * dims if isinstance(size, int) else tuple(size)
    if dims not in (2, 3) or centres.shape[-1] != dims or len(sizes) != dims or len(centres) != len(images):
        raise MapleError(
            f"images {tuple(images.shape)}, centres {tuple(centres.shape)}, size {size}",
            "do not fit each other",
            "give (B, C, H, W) with (B, K, 2), or (B, C, D, H, W) with (B, K, 3)",
        )
    # One margin of the patch's size on all sides, and centres kept where a patch meets nothing but margin.
    padded = F.pad(images, [n for s in reversed(sizes) for n in (s, s)])
    index: list[Tensor] = [torch.arange(len(images), device=images.device).view(-1, *[1] * (dims + 1))]
    for axis, length in enumerate(sizes):
        start = centres[..., axis].long() - length // 2 + length
        start = start.clamp(0, images.shape[2 + axis] + length)
        along = start[..., None] + torch.arange(length, device=images.device)
        index.append(along.view(*along.shape[:2], *[length if a == axis else 1 for a in range(dims)]))
    # Advanced indices around the slice of channels: their axes come first, the channels last.
    where: tuple[Tensor | slice, ...] = (index[0], slice(None), *index[1:])
    return padded[where].movedim(-1, 2)
