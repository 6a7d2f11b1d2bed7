"""Image encoders: any timm backbone, its feature maps fused on one patch grid."""

from __future__ import annotations

from difflib import get_close_matches
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from maple_lib.encoders.centring import looks_at_corners, shift_input, to_grid
from maple_lib.errors import MapleError


class ImageEncoder(nn.Module):
    """A timm backbone that yields patch features on a known grid, and their mean.

    Args:
        name: a timm model name, e.g. ``"regnetx_002"``, ``"resnet50"``, ``"vit_tiny_patch16_224"``.
        image_size: height and width of the input in pixels.
        strides: feature maps to fuse, in pixels per cell; the finest gives the grid.
        width: channels of the fused features.
        pretrained: load timm's weights; needs a network or a filled cache.
        positions: add a learned vector to every patch, so that a place is known before it is recognised.

    Raises:
        MapleError: if timm does not know the name or has no feature map at a stride.
    """

    def __init__(
        self,
        name: str = "regnetx_002",
        image_size: int = 128,
        strides: tuple[int, ...] = (8, 16),
        width: int = 192,
        pretrained: bool = False,
        positions: bool = False,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        self.backbone = _create_backbone(name, image_size, strides, pretrained)
        self.lateral = nn.ModuleList(
            nn.Conv2d(channels, width, 1) for channels in self.backbone.feature_info.channels()
        )
        self.norm = nn.LayerNorm(width)
        self.width = width
        self.stride = min(strides)
        self.grid = (-(-image_size // self.stride),) * 2
        cells = self.grid[0] * self.grid[1]
        self.positions = nn.Parameter(torch.randn(cells, width) * 0.02) if positions else None
        self.corners = looks_at_corners(self.backbone, image_size, self.stride)

    def forward(self, images: Tensor) -> Tensor:
        """Patch features, row by row.

        Args:
            images: (B, 1, H, W) float in [0, 1], bone bright.

        Returns:
            (B, N, width) with N = h * w of ``self.grid``.

        Raises:
            MapleError: if the shape is not (B, 1, image_size, image_size).
        """
        self._check(images)
        if self.corners:
            images = shift_input(images, self.stride // 2)
        maps = self.backbone((images - 0.5) / 0.25)
        lateral = (layer(m) for layer, m in zip(self.lateral, maps, strict=True))
        fused = reduce(torch.add, (to_grid(m, self.grid, self.corners) for m in lateral))
        hidden: Tensor = self.norm(fused.flatten(2).transpose(1, 2))
        return hidden if self.positions is None else hidden + self.positions

    def _check(self, images: Tensor) -> None:
        want = (1, self.image_size, self.image_size)
        if images.ndim != 4 or tuple(images.shape[1:]) != want:
            raise MapleError(
                f"images {tuple(images.shape)}",
                f"expected (B, {want[0]}, {want[1]}, {want[2]})",
                "build them with maple_lib.data.pixels.images_tensor(studies, size)",
            )


def check_backbone(name: str) -> None:
    """Raise a MapleError that lists close names, unless timm has a model of this name."""
    import timm

    if not timm.is_model(name):
        close = ", ".join(get_close_matches(name, timm.list_models(), 5, 0.5)) or "see timm.list_models()"
        raise MapleError(f"image encoder {name!r}", "timm has no such model", f"close names: {close}")


def _create_backbone(name: str, image_size: int, strides: tuple[int, ...], pretrained: bool) -> Any:
    import timm

    check_backbone(name)
    probe: Any = timm.create_model(name, pretrained=False, features_only=True, in_chans=1)
    reductions = list(probe.feature_info.reduction())
    missing = [s for s in strides if s not in reductions]
    if missing:
        raise MapleError(
            f"image encoder {name!r}",
            f"no feature map at stride {missing[0]}",
            f"it has strides {reductions}",
        )
    indices = tuple(reductions.index(s) for s in strides)
    return _load_backbone(name, indices, pretrained)


def _load_backbone(name: str, indices: tuple[int, ...], pretrained: bool) -> Any:
    import timm

    try:
        return timm.create_model(
            name, pretrained=pretrained, features_only=True, in_chans=1, out_indices=indices
        )
    except (OSError, RuntimeError) as error:
        if not pretrained:
            raise
        raise MapleError(
            f"weights of {name!r}",
            f"could not be fetched ({type(error).__name__})",
            "work offline with pretrained=False, or fill the hub cache on a machine with a network",
        ) from error
