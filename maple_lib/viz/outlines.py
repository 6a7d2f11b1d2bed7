"""A contact sheet of outlines: where a source of masks sees which region, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.resample import resize
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_pixels, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = ("right lung", "left lung", "cardiac silhouette", "spine")
_SIZE = 256  # pixels; more cannot be seen on a sheet


def outline_sheet(
    studies: Sequence[Study], names: Sequence[str] = SHOWN, columns: int = 8, pixels: bool = True
) -> Figure:
    """Many radiographs with the outlines of some regions; above each its number and lowest confidence.

    Regions of the patient's left have dashed outlines: on a sheet of small pictures hues are too much alike.

    Args:
        studies: with regions, see ``data.complete.complete_many``.
        names: regions to outline; one that a study lacks is named above its picture.
        columns: pictures side by side.
        pixels: False draws the outlines on plain grey, so that a sheet can be shown where the images may not.

    Raises:
        MapleError: if there is no study, or no column.
    """
    if not studies or columns < 1:
        raise MapleError(
            f"{len(studies)} studies in {columns} columns", "nothing to show", "give at least one"
        )
    columns = min(columns, len(studies))
    rows = -(-len(studies) // columns)
    with figure(1.45 * columns, 1.6 * rows, wspace=0.0) as fig:
        for i, ax in enumerate(fig.subplots(rows, columns, squeeze=False).flat):
            ax.set_axis_off()
            if i < len(studies):
                _draw(ax, studies[i], names, pixels)
                ax.set_title(_caption(i + 1, studies[i], names), fontsize=5, color=DARK.muted, pad=1.5)
    return describe(
        fig, f"Contact sheet of {len(studies)} chest radiographs with the outlines of {', '.join(names)}."
    )


def _draw(ax: Axes, study: Study, names: Sequence[str], pixels: bool) -> None:
    small = resize(study.image.pixels, _SIZE)
    draw_pixels(ax, small if pixels else np.full(small.shape, 0.22, np.float32))
    for name in names:
        if name in study.regions:
            mask = resize(study.regions[name].astype(np.float32), _SIZE) > 0.5
            outline(ax, mask, region_color(name), 0.9, "dashed" if name.startswith("left ") else "solid")


def _caption(number: int, study: Study, names: Sequence[str]) -> str:
    absent = [name for name in names if name not in study.regions]
    if absent:
        return f"{number} · no {', '.join(absent)}"
    least = min(study.region_confidence.get(name, 1.0) for name in names)
    return f"{number} · {least:.2f}"
