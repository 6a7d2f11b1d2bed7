"""Many studies at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.viz.radiograph import draw_pixels, name_lesions
from maple_lib.viz.saving import describe
from maple_lib.viz.style import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = 3  # lines under a picture


def phantom_sheet(studies: Sequence[Study], columns: int = 4) -> Figure:
    """A contact sheet: every study with its lesions named beneath, each in the colour of its region.

    Raises:
        MapleError: if there is no study, or no column.
    """
    if not studies or columns < 1:
        raise MapleError(
            f"{len(studies)} studies in {columns} columns", "nothing to show", "give at least one"
        )
    columns = min(columns, len(studies))
    rows = -(-len(studies) // columns)
    lines = max(1, min(_SHOWN, max(len(s.lesions) for s in studies)))
    with figure(2.75 * columns, (2.75 + 0.17 * lines) * rows, wspace=0.01) as fig:
        for i, ax in enumerate(fig.subplots(rows, columns, squeeze=False).flat):
            ax.set_axis_off()
            if i < len(studies):
                draw_pixels(ax, studies[i].image.pixels)
                name_lesions(ax, studies[i], _SHOWN)
    return describe(
        fig, f"Contact sheet of {len(studies)} radiographs; under each, its lesions and their regions."
    )
