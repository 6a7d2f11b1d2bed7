"""Several phrases at once: each radiograph with its truth beside the map of its phrase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.errors import MapleError
from maple_lib.viz.heat import Grounded, draw_heat, legend, marks, say
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_pixels, halo
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HIT, _MISS = "#5fd38d", "#f0a05a"


def grounding_panel(items: Sequence[Grounded], columns: int = 2) -> Figure:
    """Several phrases, each as a pair: the radiograph with the truth, and the similarity map.

    Every map has its own range, printed under it: what counts is where it is warmest.

    Raises:
        MapleError: if there is nothing to show.
    """
    if not items:
        raise MapleError("grounding_panel", "no item", "give at least one Grounded")
    columns = min(columns, len(items))
    rows = -(-len(items) // columns)
    with figure(5.9 * columns, 3.16 * rows + 0.3, hspace=0.02) as fig:
        fig.supxlabel(legend(items, True), x=0.008, ha="left", fontsize=8.5, color=DARK.muted)
        axes = fig.subplots(rows, 2 * columns, squeeze=False).reshape(-1, 2)
        for ax in axes.flat:
            ax.set_axis_off()
        for (plain, warm), item in zip(axes, items, strict=False):
            draw_pixels(plain, item.pixels)
            plain.set_title(f"“{item.phrase}”", fontsize=9.5, color=_region_ink(item))
            marks(plain, item)
            draw_heat(warm, item, True)
            marks(warm, item)
            _verdict(warm, item)
    return describe(fig, "Phrases grounded in radiographs. " + " ".join(say(item) for item in items))


def _verdict(ax: Axes, item: Grounded) -> None:
    words = {True: "peak inside the truth", False: "peak outside the truth", None: ""}[item.hit]
    ax.set_title(words, fontsize=8.5, loc="right", color=_HIT if item.hit else _MISS)
    text = f"cosine {np.nanmin(item.heat):.2f} to {np.nanmax(item.heat):.2f}"
    ax.text(
        0.985,
        0.02,
        text,
        transform=ax.transAxes,
        ha="right",
        fontsize=7.5,
        color=DARK.ink,
        path_effects=halo(),
    )


def _region_ink(item: Grounded) -> str:
    return DARK.ink if item.region is None else region_color(item.region[0])
