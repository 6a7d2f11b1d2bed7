"""Where phrases lie in an image: the boxes, polygons and masks that somebody drew."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from maple_lib.data.mask_codes import decode_mask
from maple_lib.data.phrase_mask import phrase_mask
from maple_lib.data.study import Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_image, halo, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINE = 0.2  # inches a phrase takes in the list beside the image
_WIDE = 46  # characters of a phrase in a line of the list


def boxes_figure(study: Study, phrases: Sequence[Phrase] | None = None, title: str = "") -> Figure:
    """The radiograph with the places of its phrases drawn on it, numbered, and the phrases beside it.

    A phrase that names its region has the region's colour, as in every figure; others take turns.

    Args:
        study: with phrases; its image is read here.
        phrases: some of them; all if None.
        title: over the picture; say there who drew the places, where a model did.

    Raises:
        MapleError: if there is no phrase with a place.
    """
    chosen = [p for p in (study.phrases if phrases is None else phrases) if p.boxes or p.polygons or p.rle]
    if not chosen:
        remedy = "use a study of MS-CXR, PadChest-GR, VinDr-CXR or a sample"
        raise MapleError(f"study {study.study_id}", "has no phrase with a place", remedy)
    turns = cycle(DARK.series)
    colors = [next(turns) if phrase.region is None else region_color(phrase.region) for phrase in chosen]
    height, width = study.image.pixels.shape
    tall = max(4.6 * height / width, 0.5 + 2 * _LINE * len(chosen))
    with figure(9.2, tall + 0.4) as fig:
        heading(fig, title or f"Phrases of {study.study_id}")
        seen, said = fig.subplots(1, 2)
        draw_image(seen, study.image)
        for number, (phrase, color) in enumerate(zip(chosen, colors, strict=True), 1):
            _draw(seen, phrase, color, number, (height, width))
        _list(said, chosen, colors, tall)
    told = "; ".join(
        f"{i} “{phrase.text}” {_where(phrase, (height, width))}" for i, phrase in enumerate(chosen, 1)
    )
    return describe(fig, f"Radiograph of study {study.study_id} with {len(chosen)} phrases marked: {told}.")


def _draw(ax: Axes, phrase: Phrase, color: str, number: int, shape: tuple[int, int]) -> None:
    """Every place of a phrase, with the phrase's number at its upper left corner."""
    from matplotlib.patches import Polygon, Rectangle

    style: dict[str, Any] = {"fill": False, "edgecolor": color, "linewidth": 1.6, "path_effects": halo(3.0)}
    for x, y, width, height in phrase.boxes:
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, **style))
        _number(ax, x, y, number, color)
    for corners in phrase.polygons:
        points = [(x - 0.5, y - 0.5) for x, y in zip(corners[::2], corners[1::2], strict=True)]
        ax.add_patch(Polygon(points, closed=True, **style))
        _number(ax, *min(points, key=lambda point: point[1]), number, color)
    if phrase.rle:
        mask = decode_mask(phrase.rle, shape)
        outline(ax, mask, color)
        rows, columns = mask.nonzero()
        if len(rows):
            _number(ax, float(columns[0]), float(rows[0]), number, color)


def _number(ax: Axes, x: float, y: float, number: int, color: str) -> None:
    ax.annotate(
        str(number), (x, y), (1, 2), textcoords="offset points", color=color, fontsize=9, fontweight="bold",
        va="bottom", path_effects=halo(2.5), annotation_clip=False,
    )  # fmt: skip


def _list(ax: Axes, phrases: Sequence[Phrase], colors: Sequence[str], tall: float) -> None:
    """The phrases under each other: number and words, and below them the finding and its region."""
    from textwrap import shorten

    ax.set_axis_off()
    for row, (phrase, color) in enumerate(zip(phrases, colors, strict=True)):
        y = 1 - (2 * row + 0.6) * _LINE / tall
        place = f"{phrase.finding}, {phrase.region}" if phrase.region else phrase.finding
        text = shorten(phrase.text, _WIDE, placeholder=" …")
        ax.text(0, y, f"{row + 1}", transform=ax.transAxes, color=color, fontweight="bold", va="center")
        ax.text(0.05, y, text, transform=ax.transAxes, va="center", fontsize=9)
        below = y - 0.85 * _LINE / tall
        ax.text(0.05, below, place, transform=ax.transAxes, va="center", fontsize=8, color=DARK.muted)


def _where(phrase: Phrase, shape: tuple[int, int]) -> str:
    """The frame around all places of a phrase, in words for who cannot see."""
    rows, columns = phrase_mask(phrase, shape).nonzero()
    if not len(rows):
        return "outside the image"
    return f"in rows {rows.min()} to {rows.max()}, columns {columns.min()} to {columns.max()}"
