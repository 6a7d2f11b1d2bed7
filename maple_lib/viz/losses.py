"""How a training went: every stage, every term, and the line of one who has learned nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, LIGHT, Theme, figure, ground_halo, hairlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_STAGES = {
    "warm_text": "warm start: text",
    "warm_image": "warm start: image",
    "align": "alignment",
    "text_states": "sentence states",
    "patch_reconstruction": "patches, by reconstruction",
}
Row = Mapping[str, Any]


def loss_figure(rows: Sequence[Row], chance: Mapping[str, float] | None = None, dark: bool = False) -> Figure:
    """The loss terms over the steps of every stage.

    Args:
        rows: of ``read_log(run)``: ``{"stage", "step", "loss": {term: nats}}``.
        chance: term -> loss of a model that has learned nothing, e.g. ``{"global": 2 * ln B}`` where both
            directions of a contrast over B studies are added; drawn as a dashed line.
        dark: on a dark ground.

    Raises:
        MapleError: if the log is empty.
    """
    if not rows:
        raise MapleError("log", "has no row", "train first: maple train")
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    theme = DARK if dark else LIGHT
    with figure(3.3 * len(stages) + 0.4, 2.8, theme, wspace=0.05) as fig:
        for ax, stage in zip(fig.subplots(1, len(stages), squeeze=False)[0], stages, strict=True):
            curves = _curves([row for row in rows if row["stage"] == stage])
            _panel(ax, curves, chance or {}, theme)
            ax.set_title(_STAGES.get(stage, stage), fontsize=9.5)
        fig.supylabel("loss (nats)", fontsize=8.5, color=theme.muted)
    return describe(fig, "Loss over training steps. " + " ".join(_say(stage, rows) for stage in stages))


def _curves(rows: Sequence[Row]) -> dict[str, NDArray[np.float64]]:
    """Term -> (K, 2) steps and losses; the total is left out where it is the only term."""
    terms = list(rows[0]["loss"])
    if len(terms) == 2 and "total" in terms:
        terms.remove("total")
    return {term: np.array([(row["step"] + 1, row["loss"][term]) for row in rows], float) for term in terms}


def _panel(
    ax: Axes, curves: Mapping[str, NDArray[np.float64]], chance: Mapping[str, float], theme: Theme
) -> None:
    hairlines(ax, theme, "y")
    # After the last colour they begin again, with dots.
    looks = iter([(color, style) for style in ("-", ":") for color in theme.series] * len(curves))
    for term, points in curves.items():
        color, style = (theme.muted, "-") if term == "total" else next(looks)
        steps, losses = points.T
        ax.plot(steps, losses, color=color, linewidth=0.7, alpha=0.3)
        ax.plot(steps, smooth(losses), style, color=color, linewidth=2, label=term.replace("_", "–"))
        if term in chance:
            _chance(ax, steps, chance[term], color, term, theme)
    ax.set_xlabel("step", fontsize=8.5)
    ax.set_ylim(bottom=0)
    ax.locator_params(axis="x", nbins=5, integer=True)
    if len(curves) > 1:
        ax.legend(
            frameon=False, fontsize=8, labelcolor="linecolor", handlelength=1.2, handletextpad=0.4,
            loc="center left", bbox_to_anchor=(1.01, 0.5),
        )  # fmt: skip


def _chance(ax: Axes, steps: NDArray[np.float64], level: float, color: str, term: str, theme: Theme) -> None:
    ax.axhline(level, color=color, linewidth=1, linestyle=(0, (4, 3)))
    ax.annotate(
        f"{term.replace('_', '–')}, nothing learned: {level:.2f}", (steps[-1], level), (0, 4), ha="right",
        textcoords="offset points", fontsize=7.5, color=color, path_effects=ground_halo(theme),
    )  # fmt: skip


def smooth(values: NDArray[np.float64], share: float = 0.06) -> NDArray[np.float64]:
    """Running mean over about ``share`` of the values, shorter at the ends; same length."""
    half = max(1, int(len(values) * share / 2))
    total = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(0, at - half), np.minimum(len(values), at + half + 1)
    mean: NDArray[np.float64] = (total[last] - total[first]) / (last - first)
    return mean


def _say(stage: str, rows: Sequence[Row]) -> str:
    curves = _curves([row for row in rows if row["stage"] == stage])
    ends = (
        f"{term} from {smooth(p[:, 1])[0]:.2f} to {smooth(p[:, 1])[-1]:.2f}" for term, p in curves.items()
    )
    return f"{_STAGES.get(stage, stage)}: {', '.join(ends)}."
