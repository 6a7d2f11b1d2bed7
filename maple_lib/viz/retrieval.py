"""Cases found by one region: the query, what was found, and that region of each, enlarged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import BoolMask, Study
from maple_lib.errors import MapleError
from maple_lib.viz.palette import region_color
from maple_lib.viz.radiograph import draw_pixels, outline
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, figure, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def retrieval_figure(query: Study, region: str, hits: Sequence[Any], studies: Iterable[Study]) -> Figure:
    """A query by region and the cases found, the region outlined and, below, enlarged.

    Args:
        query: the study that asks.
        region: the region that is compared.
        hits: results of ``CaseIndex.search``, each with ``study_id`` and ``score``.
        studies: where the hits' images are found, by their identifier.

    Raises:
        MapleError: if there is no hit, or a hit's study is not among the studies.
    """
    if not hits:
        raise MapleError("hits", "none was found", "search for another region, or index more cases")
    known = {study.study_id: study for study in studies}
    found = [_study(hit.study_id, known) for hit in hits]
    with figure(1.95 * (1 + len(hits)), 4.75) as fig:
        heading(fig, f"Cases like {query.study_id} in the {region}", "filled dot: also in the query", DARK)
        axes = fig.subplots(2, 1 + len(hits), height_ratios=(1, 1))
        asked = findings_in(query, region)
        _column(axes[:, 0], query, region, "query", asked, ())
        for rank, (hit, study) in enumerate(zip(hits, found, strict=True), 1):
            title = f"{rank}.   {hit.score:.3f}"
            _column(axes[:, rank], study, region, title, findings_in(study, region), asked)
    said = "; ".join(f"{', '.join(findings_in(s, region)) or 'nothing stated'}" for s in found)
    asked_for = ", ".join(asked) or "nothing stated"
    return describe(
        fig, f"Query with {asked_for} in the {region}, and the {len(found)} nearest cases with: {said}."
    )


def findings_in(study: Study, region: str) -> tuple[str, ...]:
    """Findings that the study's triplets, or else its lesions, state as present in a region."""
    stated = [t.finding for t in study.triplets if t.region == region and t.existence == "present"]
    drawn = [lesion.finding for lesion in study.lesions if lesion.region == region]
    return tuple(dict.fromkeys(stated or drawn))


def window_of(mask: BoolMask, margin: float = 0.35) -> tuple[slice, slice]:
    """The square around a mask, wider by ``margin`` of its side; whole image for an empty mask."""
    if not mask.any():
        return slice(0, mask.shape[0]), slice(0, mask.shape[1])
    rows, columns = np.nonzero(mask)
    side = int((1 + margin) * max(int(np.ptp(rows)), int(np.ptp(columns)), 16)) + 1
    side = min(side, *mask.shape)
    centres = ((rows.min() + rows.max()) // 2, (columns.min() + columns.max()) // 2)
    starts = [int(np.clip(c - side // 2, 0, n - side)) for c, n in zip(centres, mask.shape, strict=True)]
    return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)


def _column(
    axes: Any, study: Study, region: str, title: str, findings: Sequence[str], asked: Sequence[str]
) -> None:
    whole, close = axes
    color, pixels = region_color(region), study.image.pixels
    mask = study.regions.get(region, np.zeros(pixels.shape, bool))
    window = window_of(mask)
    draw_pixels(whole, pixels)
    outline(whole, mask, color, 1.2)
    whole.set_title(title, fontsize=9.5)
    draw_pixels(close, pixels[window])
    outline(close, mask[window], color, 1.2, "dashed")
    for row, finding in enumerate(findings[:3] or ["nothing stated"]):
        shared = finding in asked or (not asked and bool(findings))
        _note(close, row, f"{'●' if shared else '○'} {finding}" if findings else finding, shared)


def _note(ax: Axes, row: int, words: str, strong: bool) -> None:
    ax.annotate(
        words, (0, 0), (1, -4 - 12 * row), xycoords="axes fraction", textcoords="offset points",
        va="top", fontsize=8.5, color=DARK.ink if strong else DARK.muted,
    )  # fmt: skip


def _study(name: str, known: dict[str, Study]) -> Study:
    if name not in known:
        raise MapleError(f"study {name!r}", "is not among the studies given", "give those of the index")
    return known[name]
