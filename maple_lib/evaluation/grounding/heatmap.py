"""From similarities on the patch grid to a heat map on the image: smoothing, resizing, crop margins."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar

import numpy as np

from maple_lib.errors import MapleError
from maple_lib.evaluation.grounding.pixels import Array, as_array, as_mask, like

Kind = TypeVar("Kind")
Interpolation = Literal["nearest", "bilinear"]


@dataclass(frozen=True, slots=True)
class CentreCrop:
    """What the encoder saw of an image: its shorter side brought to ``resize``, the centre cropped.

    Attributes:
        size: side of the crop, in pixels of the resized image.
        resize: length to which the shorter side was brought; None when the image was not resized.
    """

    size: int
    resize: int | None = None

    def side(self, height: int, width: int) -> int:
        """Side of the crop in pixels of the original image."""
        if self.resize is None:
            return self.size
        return self.size * min(height, width) // self.resize


def smooth_and_resize(
    maps: Kind,
    sigma: float = 1.5,
    size: tuple[int, int] = (224, 224),
    interpolation: Interpolation = "nearest",
    crop: CentreCrop | None = None,
) -> Kind:
    """Smooth similarity maps on the patch grid and bring them to the image.

    Args:
        maps: (B, h, w) cosine of every patch with the phrase, numpy or torch.
        sigma: of the Gaussian, in patches; 0 leaves the maps as they are.
        size: (H, W) of the image in pixels.
        interpolation: ``"nearest"`` (BioViL's default) or ``"bilinear"``.
        crop: the part of the image that the encoder saw; None for all of it.

    Returns:
        (B, H, W) of the same kind; NaN outside the crop.

    Raises:
        MapleError: if the maps are not (B, h, w), the crop is larger than the image, or the
            interpolation is unknown.

    Source: BioViL's similarity maps (hi-ml-multimodal); the mirrored border is scipy's ``reflect``.
    """
    values = as_array(maps)
    if values.ndim != 3:
        raise MapleError(
            f"maps of shape {values.shape}", "expected (B, h, w)", "add the batch axis: maps[None]"
        )
    if interpolation not in ("nearest", "bilinear"):
        raise MapleError(f"interpolation={interpolation!r}", "unknown", "use 'nearest' or 'bilinear'")
    smooth = _apply(values, *(_smoothing(cells, sigma) for cells in values.shape[1:]))
    height, width = size
    target = size if crop is None else (crop.side(height, width),) * 2
    full = _apply(
        smooth, *(_resizing(n, c, interpolation) for n, c in zip(target, values.shape[1:], strict=True))
    )
    _keep_constant(values, full)
    return like(full if crop is None else _pad(full, size), maps)


def gate(maps: Kind, within: Any) -> Kind:
    """Keep a map inside a region and put it to its floor outside.

    Args:
        maps: (B, H, W) float, numpy or torch; NaN stays NaN.
        within: (B, H, W) bool region.

    Returns:
        (B, H, W) of the same kind; outside the region 0, or the map's lowest value where that is
        negative: a plain product would lift the outside above an inside of negative cosines.
    """
    values, region = as_array(maps), as_mask(within, "within")
    lowest = np.fmin.reduce(values, axis=(1, 2), keepdims=True, initial=0)
    return like(np.where(region | np.isnan(values), values, lowest), maps)


def _apply(maps: Array, rows: Array, columns: Array) -> Array:
    """Both separable steps are matrices: (H, h) @ (B, h, w) @ (w, W)."""
    dtype = maps.dtype
    return rows.astype(dtype) @ maps @ columns.T.astype(dtype)


def _keep_constant(maps: Array, full: Array) -> None:
    """A constant map stays exactly constant: rounding would give it a peak, and a contrast."""
    first = maps[:, :1, :1]
    flat = (maps == first).all(axis=(1, 2)) & (maps.shape[1] * maps.shape[2] > 0)
    full[flat] = first[flat]


@lru_cache(maxsize=64)
def _smoothing(cells: int, sigma: float) -> Array:
    if sigma == 0:
        return np.eye(cells)
    from scipy.ndimage import gaussian_filter1d

    smoothed: Array = gaussian_filter1d(np.eye(cells), sigma, axis=0, mode="reflect")
    return smoothed


@lru_cache(maxsize=64)
def _resizing(pixels: int, cells: int, interpolation: Interpolation) -> Array:
    """(pixels, cells) weights of the patches in every pixel."""
    if interpolation == "nearest":
        return np.eye(cells)[np.arange(pixels) * cells // pixels]
    centre = np.clip((np.arange(pixels) + 0.5) * cells / pixels - 0.5, 0, cells - 1)
    return np.maximum(0, 1 - np.abs(centre[:, None] - np.arange(cells)))


def _pad(maps: Array, size: tuple[int, int]) -> Array:
    """Put centred maps (B, s, s) into an image of ``size``, NaN around them."""
    side = maps.shape[-1]
    if side > min(size):
        raise MapleError(
            f"crop of {side} pixels",
            f"the image has only {size[0]}x{size[1]}",
            "give the resize of the crop too",
        )
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    full = np.full((len(maps), *size), np.nan, maps.dtype)
    full[:, top : top + side, left : left + side] = maps
    return full
