"""Where a phrase points to: similarity maps over radiographs, beside the truth where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import BoolMask, Pixels
from maple_lib.errors import MapleError
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_pixels, halo, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = "inferno"
TRUTH = "#ffffff"


@dataclass(frozen=True, slots=True, eq=False)
class Grounded:
    """A phrase grounded in an image.

    Attributes:
        pixels: (H, W) in [0, 1].
        heat: (H, W) cosine similarity; NaN where the method did not look.
        phrase: what was asked.
        truth: (H, W) mask of what the phrase speaks of, or None.
        region: name and (H, W) mask of the region that it names, or None.
    """

    pixels: Pixels
    heat: Pixels
    phrase: str
    truth: BoolMask | None = None
    region: tuple[str, BoolMask] | None = None

    def __post_init__(self) -> None:
        if self.heat.shape != self.pixels.shape:
            raise MapleError(
                f"heat of shape {self.heat.shape}", f"the image is {self.pixels.shape}", "resize the heat map"
            )
        if np.isnan(self.heat).all():
            raise MapleError(f"heat of {self.phrase!r}", "has no value", "give a map that is not all NaN")

    @property
    def peak(self) -> tuple[int, int]:
        """(row, column) of the warmest pixel."""
        row, column = divmod(int(np.nanargmax(self.heat)), self.heat.shape[1])
        return row, column

    @property
    def hit(self) -> bool | None:
        """Whether the peak lies in the truth; None where that is not known."""
        return None if self.truth is None else bool(self.truth[self.peak])


def heat_figure(
    pixels: Pixels,
    heat: Pixels,
    phrase: str,
    truth: BoolMask | None = None,
    region: tuple[str, BoolMask] | None = None,
    peak: bool = True,
) -> Figure:
    """An image, and its similarity map to a phrase over it.

    Args:
        pixels: (H, W) in [0, 1].
        heat: (H, W) cosine similarity; NaN where the method did not look.
        phrase: what was asked.
        truth: (H, W) mask, outlined in white.
        region: name and (H, W) mask of a region, outlined in its colour.
        peak: mark the warmest point.

    Raises:
        MapleError: if the shapes differ or the map is all NaN.
    """
    item = Grounded(pixels, heat, phrase, truth, region)
    height, width = pixels.shape
    with figure(10.2, 4.75 * height / width + 0.6) as fig:
        heading(fig, f"“{phrase}”", legend([item], peak))
        plain, warm = fig.subplots(1, 2)
        draw_pixels(plain, pixels)
        marks(plain, item)
        _colorbar(fig, warm, draw_heat(warm, item, peak))
        marks(warm, item)
    return describe(fig, f"Radiograph, and over it the similarity to the phrase “{phrase}”. {say(item)}")


def draw_heat(ax: Axes, item: Grounded, peak: bool) -> Any:
    """The map over the image, clearer where it is cooler; its colour scale."""
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = float(np.nanmin(item.heat)), float(np.nanmax(item.heat))
    scale = ScalarMappable(Normalize(low, high), matplotlib.colormaps[COLORS])
    share = np.nan_to_num((item.heat - low) / max(high - low, 1e-9))
    warm = scale.to_rgba(np.nan_to_num(item.heat, nan=low))
    warm[..., 3] = np.where(np.isnan(item.heat), 0.0, 0.8 * share**1.4)
    draw_pixels(ax, item.pixels)
    ax.imshow(warm)
    if peak:
        row, column = item.peak
        ax.plot(column, row, "+", color="#ffffff", markersize=9, markeredgewidth=1.6, path_effects=halo(3.2))
    return scale


def marks(ax: Axes, item: Grounded) -> None:
    """Outline the named region, dashed in its colour, and the truth in white."""
    if item.region is not None:
        outline(ax, item.region[1], region_color(item.region[0]), 1.0, "dashed")
    if item.truth is not None:
        outline(ax, item.truth, TRUTH, 1.4)


def _colorbar(fig: Figure, ax: Axes, scale: Any) -> None:
    bar = fig.colorbar(scale, ax=ax, shrink=0.75, aspect=28, pad=0.02)
    bar.set_label("cosine similarity", fontsize=8.5)
    bar.outline.set_visible(False)  # type: ignore[operator]
    bar.ax.tick_params(length=0, labelsize=8, colors=DARK.muted)


def legend(items: Sequence[Grounded], peak: bool) -> str:
    """What the lines and marks mean, of those that are there."""
    said = ["white: truth"] if any(i.truth is not None for i in items) else []
    said += ["dashed: the region named"] if any(i.region is not None for i in items) else []
    said += ["+: the map's peak"] if peak else []
    return "   ·   ".join(said)


def say(item: Grounded) -> str:
    """Where the map peaks, for the alt text."""
    place = {True: ", inside the truth", False: ", outside the truth", None: ""}[item.hit]
    row, column = item.peak
    return f"The map of “{item.phrase}” peaks at row {row}, column {column}{place}."
