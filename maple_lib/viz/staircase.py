"""A score that climbs step by step, as parts are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.viz.saving import describe
from maple_lib.viz.style import LIGHT, figure, ground_halo, hairlines, heading

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def staircase_figure(scores: Mapping[str, Mapping[str, float]], title: str, note: str = "") -> Figure:
    """Draw how scores in [0, 1] change with every step.

    Args:
        scores: step -> {what is measured: score}, in the steps' order; every step has the same measures.
        title: of the figure.
        note: what one should know to read it.

    Raises:
        MapleError: if there is no step, or if steps have different measures.
    """
    if not scores or len({tuple(each) for each in scores.values()}) != 1:
        raise MapleError(
            "scores", "empty, or steps with different measures", "give each step the same measures"
        )
    measures = list(next(iter(scores.values())))
    with figure(8.6, 1.3 + 0.42 * len(scores), LIGHT) as fig:
        heading(fig, title, note, LIGHT)
        ax = fig.subplots()
        for measure, color in zip(measures, LIGHT.series, strict=False):
            values = [each[measure] for each in scores.values()]
            ax.step(values, range(len(values)), where="pre", color=color, linewidth=1.2, alpha=0.5)
            ax.plot(values, range(len(values)), "o", color=color, markersize=6, label=measure)
        for row, each in enumerate(scores.values()):
            _name(ax, row, [each[measure] for measure in measures])
        ax.set_yticks(range(len(scores)), list(scores), color=LIGHT.ink)
        ax.invert_yaxis()
        ax.set_xlim(0, 1.06)
        hairlines(ax, LIGHT)
        ax.legend(loc="lower left", frameon=False, fontsize=8.5)
    said = "; ".join(
        f"{step}: " + ", ".join(f"{m} {v:.2f}" for m, v in each.items()) for step, each in scores.items()
    )
    return describe(fig, f"{title}. {said}.")


def _name(ax: Axes, row: int, values: list[float]) -> None:
    """Write the values of a step in hundredths, the lowest on the left, so that close ones stay apart."""
    lowest = min(values) if max(values) - min(values) > 0.005 else None
    for value, color in zip(values, LIGHT.series, strict=False):
        shift, align = (-7, "right") if value == lowest else (7, "left")
        ax.annotate(
            f"{value:.2f}", (value, row), (shift, 0), textcoords="offset points", va="center", ha=align,
            fontsize=8, color=color, path_effects=ground_halo(LIGHT),
        )  # fmt: skip
