"""What every picture of a radiograph shares: grey pixels, scale, sides, outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import BoolMask, Image, Pixels, Study
from maple_lib.viz.palette import region_color
from maple_lib.viz.style import DARK

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_pixels(ax: Axes, pixels: Pixels) -> None:
    """Show (H, W) pixels in [0, 1] in grey, bone bright, with no frame."""
    ax.imshow(pixels, cmap="gray", vmin=0, vmax=1)
    ax.set_axis_off()


def draw_image(ax: Axes, image: Image) -> None:
    """Show a radiograph with the patient's sides and, where the spacing is known, a bar of 5 cm."""
    draw_pixels(ax, image.pixels)
    mark_sides(ax, image)
    if image.spacing is not None:
        scale_bar(ax, image.pixels.shape, image.spacing[1])


def mark_sides(ax: Axes, image: Image) -> None:
    """R and L of the patient, whose right is on the viewer's left; nothing on a lateral view."""
    if image.view == "LATERAL":
        return
    for x, side in ((0.025, "R"), (0.975, "L")):
        ax.text(
            x, 0.5, side, transform=ax.transAxes, ha="center", va="center", fontsize=8, color=DARK.muted,
            path_effects=halo(),
        )  # fmt: skip


def scale_bar(ax: Axes, shape: tuple[int, ...], mm: float, cm: int = 5) -> None:
    """A bar of known length at the lower right; ``mm`` is the width of a pixel."""
    height, width = shape
    length = 10 * cm / mm
    if length > 0.6 * width:
        return
    right, y = width * 0.965, height * 0.955
    ax.plot([right - length, right], [y, y], color=DARK.ink, linewidth=2, path_effects=halo())
    ax.text(
        right - length / 2, y - height * 0.012, f"{cm} cm", ha="center", va="bottom", fontsize=7.5,
        path_effects=halo(),
    )  # fmt: skip


def outline(ax: Axes, mask: BoolMask, color: str, width: float = 1.6, style: str = "solid") -> None:
    """Draw the border of a (H, W) mask, smooth and on a dark halo that shows it on bright bone too."""
    from matplotlib import patheffects

    if not mask.any():
        return
    lines = ax.contour(_soft(mask), levels=[0.5], colors=[color], linewidths=width, linestyles=style)
    dark = patheffects.Stroke(linewidth=width + 1.2, foreground="#000000", alpha=0.45)
    lines.set_path_effects([dark, patheffects.Normal()])


def fill(ax: Axes, mask: BoolMask, color: str, alpha: float = 0.3) -> None:
    """Tint the pixels of a (H, W) mask."""
    from matplotlib.colors import to_rgb

    tint = np.zeros((*mask.shape, 4), np.float32)
    tint[..., :3] = to_rgb(color)
    tint[..., 3] = alpha * mask
    ax.imshow(tint, interpolation="nearest")


def name_lesions(ax: Axes, study: Study, most: int = 3) -> int:
    """Write a study's lesions under its picture, each in the colour of its region; the number of lines."""
    said = [(f"{s.finding}, {s.region}", region_color(s.region)) for s in study.lesions]
    if len(said) > most:
        said = [*said[: most - 1], (f"and {len(said) - most + 1} more", DARK.muted)]
    lines = said or [("no finding", DARK.muted)]
    for row, (words, color) in enumerate(lines):
        ax.annotate(
            words, (0, 0), (1, -4 - 11.5 * row), xycoords="axes fraction", textcoords="offset points",
            va="top", fontsize=7.8, color=color,
        )  # fmt: skip
    return len(lines)


def halo(width: float = 2.0) -> list[Any]:
    """A dark border around text and lines."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=width, foreground="#000000", alpha=0.75)]


def _soft(mask: BoolMask) -> Pixels:
    """Mask with its steps rounded off; a structure too thin for that is left as it is."""
    from scipy.ndimage import gaussian_filter

    edge = np.pad(mask, 1).astype(np.float32)
    soft = gaussian_filter(edge, 1.0)[1:-1, 1:-1]
    return soft if soft.max() > 0.55 else mask.astype(np.float32)
