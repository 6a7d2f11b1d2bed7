"""Changes of grey values: another exposure, another window, noise, blur, the other polarity."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from maple_lib.data.study import Pixels

Change = Callable[[Pixels, float, np.random.Generator], Pixels]


def _gamma(pixels: Pixels, exponent: float, rng: np.random.Generator) -> Pixels:
    """Another exposure: below 1 brightens, above 1 darkens; black and white stay."""
    return pixels**exponent


def _window(pixels: Pixels, shift: float, rng: np.random.Generator) -> Pixels:
    """A window whose centre was set wrong: all greys shifted, what leaves the range is lost."""
    return pixels + shift


def _noise(pixels: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Fewer photons: Gaussian noise, its sigma a share of the grey range."""
    return pixels + sigma * rng.standard_normal(pixels.shape, np.float32)


def _blur(pixels: Pixels, percent: float, rng: np.random.Generator) -> Pixels:
    """A patient who moved: a Gaussian, its sigma in per cent of the shorter side."""
    from scipy.ndimage import gaussian_filter

    blurred: Pixels = gaussian_filter(pixels, percent / 100 * min(pixels.shape))
    return blurred


def _inverted(pixels: Pixels, amount: float, rng: np.random.Generator) -> Pixels:
    """MONOCHROME1 that a reader took for MONOCHROME2: bone is dark."""
    return 1 - pixels


GREYS: dict[str, Change] = {
    "gamma": _gamma,
    "window": _window,
    "noise": _noise,
    "blur": _blur,
    "monochrome1": _inverted,
}
