"""Blurs and smooth random fields, cheap enough to be used in every phantom."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as PilImage

from maple_lib.data.phantoms.geometry import Array


def blur(image: Array, sigma: float) -> Array:
    """Gaussian blur of an (H, W) image with edges repeated; ``sigma`` in pixels, best below 3."""
    reach = max(1, math.ceil(2.5 * sigma))
    taps = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / max(sigma, 1e-3)))
    taps = (taps / taps.sum()).astype(np.float32)
    return _convolve_rows(_convolve_rows(image, taps).T, taps).T


def _convolve_rows(image: Array, taps: Array) -> Array:
    """Convolve along axis 0 with a symmetric kernel, by adding shifted blocks."""
    reach, height = len(taps) // 2, image.shape[0]
    padded = np.concatenate([np.repeat(image[:1], reach, 0), image, np.repeat(image[-1:], reach, 0)])
    total = padded[reach : reach + height] * taps[reach]
    for k in range(reach):
        total += (padded[k : k + height] + padded[2 * reach - k : 2 * reach - k + height]) * taps[k]
    return total


def enlarge(grid: Array, shape: tuple[int, int]) -> Array:
    """Bicubic interpolation of a coarse grid to an image of ``shape`` (H, W)."""
    coarse = PilImage.fromarray(np.ascontiguousarray(grid, np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), PilImage.Resampling.BICUBIC))


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Array:
    """A smooth random field, about unit variance, with ``cells`` blobs across.

    The random numbers drawn do not depend on ``size``, so a patient keeps its texture at every resolution.
    """
    return enlarge(rng.standard_normal((cells + 1, cells + 1), dtype=np.float32), (size, size))


def wide_blur(image: Array, cells: int) -> Array:
    """A very wide blur of a square image: averaged to ``cells`` x ``cells`` and interpolated back."""
    size = image.shape[0]
    small = PilImage.fromarray(np.ascontiguousarray(image, np.float32)).resize(
        (cells, cells), PilImage.Resampling.BOX
    )
    return np.asarray(small.resize((size, size), PilImage.Resampling.BICUBIC))
