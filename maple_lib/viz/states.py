"""What a text encoder makes of yes and no: cosines of sentences, before and after they are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.errors import MapleError
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, LIGHT, Theme, figure, hairlines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from maple_lib.methods.state_likeness import StateLikeness

_WIDTH = 0.42  # of a half violin, in rows


def states_figure(
    before: Sequence[StateLikeness], after: Sequence[StateLikeness], dark: bool = False
) -> Figure:
    """Distributions of cosines for every finding: same state above the line, opposite states below it.

    Args:
        before: of an encoder that was not trained on states.
        after: of the same findings, after training on them.
        dark: on a dark ground.

    Raises:
        MapleError: if the two do not show the same findings.

    Source: after Fig. 2 of MApLe (MIDL 2026).
    """
    names = [each.finding for each in after]
    if not names or [each.finding for each in before] != names:
        raise MapleError("before and after", "do not show the same findings", "give both for the same corpus")
    theme = DARK if dark else LIGHT
    with figure(8.2, 0.42 * len(names) + 1.3, theme, wspace=0.04) as fig:
        axes = fig.subplots(1, 2, sharey=True)
        for ax, title, group in zip(axes, ("before", "after stage 1"), (before, after), strict=True):
            _panel(ax, group, theme)
            ax.set_title(title, fontsize=9.5)
        axes[0].set_yticks(range(len(names)), names)
        for x, (word, color) in zip((0.62, 0.81), _words(theme), strict=True):
            fig.text(x, 0.012, word, color=color, fontsize=8.5)
        fig.supxlabel("cosine of two sentences about one finding", x=0.02, ha="left", fontsize=8.5)
    return describe(fig, "Cosines of sentences. " + " ".join(map(_say, before, after)))


def _words(theme: Theme) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("▲ same state", theme.series[0]), ("▼ opposite states", theme.series[1])


def _panel(ax: Axes, group: Sequence[StateLikeness], theme: Theme) -> None:
    hairlines(ax, theme, "x")
    ax.axvline(0, color=theme.muted, linewidth=0.8)
    edges = np.linspace(-1, 1, 61)
    for row, each in enumerate(group):
        for values, color, sign in ((each.within, theme.series[0], -1), (each.across, theme.series[1], 1)):
            density, _ = np.histogram(np.clip(values.numpy(), -1, 1), edges)
            # The root keeps a narrow peak from hiding the rest of the distribution.
            height = sign * _WIDTH * np.sqrt(density / max(1, density.max()))
            ax.stairs(row + height, edges, baseline=row, fill=True, color=color, alpha=0.85)
            ax.plot([float(values.mean())] * 2, [row, row + sign * _WIDTH], color=theme.ink, linewidth=1.4)
    ax.set_xlim(-1.05, 1.05)
    ax.set_ylim(len(group) - 0.4, -0.6)


def _say(before: StateLikeness, after: StateLikeness) -> str:
    told = [f"{float(e.within.mean()):.2f} and {float(e.across.mean()):.2f}" for e in (before, after)]
    return f"{after.finding}: same and opposite states {told[0]} before, {told[1]} after."
