"""A score that climbs step by step, as parts are added."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.viz.saving import describe
from maple_lib.viz.style import LIGHT, figure, hairlines, heading

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
            _stairs(ax, [each[measure] for each in scores.values()], color, measure)
        ax.set_yticks(range(len(scores)), list(scores), color=LIGHT.ink)
        ax.invert_yaxis()
        ax.set_xlim(0, 1.06)
        hairlines(ax, LIGHT)
        ax.legend(loc="lower left", frameon=False, fontsize=8.5)
    said = "; ".join(
        f"{step}: " + ", ".join(f"{m} {v:.2f}" for m, v in each.items()) for step, each in scores.items()
    )
    return describe(fig, f"{title}. {said}.")


def _stairs(ax: Axes, values: list[float], color: str, label: str) -> None:
    """One line with a tread per step, and its value in hundredths."""
    ax.step(values, range(len(values)), where="mid", color=color, linewidth=1.2, alpha=0.5)
    ax.plot(values, range(len(values)), "o", color=color, markersize=6, label=label)
    for row, value in enumerate(values):
        ax.annotate(
            f"{value:.2f}",
            (value, row),
            (7, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=color,
        )
