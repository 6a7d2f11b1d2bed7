"""Quality against cost: what every method reaches, in how many minutes, between floor and ceiling."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.viz.labels import spread
from maple_lib.viz.palette import oklch
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, LIGHT, Theme, figure, hairlines, heading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "in_region_pointing": "in-region pointing game",
    "in_region_cnr": "in-region contrast-to-noise",
    "gated_pointing": "pointing game, gated by the region",
    "pointing": "pointing game, ungated",
    "cnr": "contrast-to-noise, ungated",
    "location_free_pointing": "pointing game, phrase without a place",
    "auprc": "average precision of the pixels",
    "miou": "mean intersection over union",
    "image_text_r1": "image to report, R@1",
    "image_text_r5": "image to report, R@5",
    "image_text_r10": "image to report, R@10",
    "zero_shot_auc": "zero-shot AUC, mean over findings",
    "region_p5": "search by region, P@5",
    "whole_image_p5": "search by whole image, P@5",
    "p5_ratio": "P@5 by region / by whole image",
    "laterality": "peaks on the named side",
    "negation": "“no X” below “X” where X is",
    "negation_absent": "“no X” above “X” where it is not",
}
PANELS = (
    "in_region_pointing",
    "gated_pointing",
    "pointing",
    "zero_shot_auc",
    "image_text_r10",
    "region_p5",
)
_LEVELS = {"ceiling": (0, (1, 1.5)), "floor": (0, (6, 3)), "chance": (0, (3, 3))}  # and how they are dashed
_PITCH = 0.165  # inches from one name to the next
_ELBOW, _NAMES_AT = 1.01, 1.06  # of a panel's width: where lines turn to the names, where names begin


@dataclass(frozen=True, slots=True)
class Mark:
    """What a panel holds: the dot of an entry, or the line of a level.

    Attributes:
        name: what stands beside it.
        value: of the measure.
        color: of its name.
        level: ``"ceiling"``, ``"floor"`` or ``"chance"``; empty for a dot.
        sd: of the value, over seeds.
        minutes, minutes_sd: of training; lines have none.
    """

    name: str
    value: float
    color: str
    level: str = ""
    sd: float = math.nan
    minutes: float = 0.0
    minutes_sd: float = math.nan


def leaderboard_figure(
    summary: pd.DataFrame, measures: Sequence[str] = PANELS, dark: bool = False, title: str = ""
) -> Figure:
    """One panel a measure: minutes of training across, the measure up; mean ± s.d. over seeds.

    Minutes are those of all processor cores together where they are known: they depend less on what else the
    machine did than minutes on the wall.

    Args:
        summary: ``Board.summary()``: one row per entry and measure.
        measures: which to show; those that were not measured are left out.
        dark: on a dark ground.
        title: over all panels.

    Raises:
        MapleError: if the table holds none of the measures.
    """
    have = [] if summary.empty else list(dict.fromkeys(summary["measure"]))
    shown = [name for name in measures if name in have]
    if not shown:
        said = ", ".join(have) or "no measure"
        raise MapleError(f"measures {', '.join(measures)}", "no rows", f"the table holds: {said}")
    theme = DARK if dark else LIGHT
    colors = _colors(list(dict.fromkeys(summary["entry"])), dark)
    cost, said = _cost(summary)
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    height = max(2.3, _PITCH * (len(colors) + len(_LEVELS) + 1) + 0.5)
    with figure(4.2 * columns, height * rows + 0.75, theme, wspace=0.03, hspace=0.05) as fig:
        axes = fig.subplots(rows, columns, squeeze=False).ravel()
        for ax, measure in zip(axes, shown, strict=False):
            marks = _marks(summary[summary["measure"] == measure], colors, theme, cost)
            _panel(ax, marks, height - 0.55, theme)
            ax.set_title(NAMES.get(measure, measure), fontsize=9.5)
        for ax in axes[len(shown) :]:
            ax.set_visible(False)
        for ax in axes[max(0, len(shown) - columns) : len(shown)]:
            ax.set_xlabel(f"{said} of training", fontsize=8.5)
        heading(fig, title, _note(summary), theme)
    return describe(fig, _alt(summary, shown))


def _colors(entries: Sequence[str], dark: bool) -> dict[str, str]:
    """A colour for each entry, the same in every panel; the way round the hues begins at teal."""
    light = 0.78 if dark else 0.52
    return {name: oklch(light, 0.13, 185 + 360 * i / len(entries)) for i, name in enumerate(entries)}


def _cost(summary: pd.DataFrame) -> tuple[str, str]:
    """The column of the cost, and its unit in words."""
    if "cpu_seconds" in summary and summary["cpu_seconds"].notna().all():
        return "cpu_seconds", "processor minutes"
    return "seconds", "minutes"


def _marks(rows: pd.DataFrame, colors: Mapping[str, str], theme: Theme, cost: str) -> list[Mark]:
    """Dots of the entries; lines of chance, floor and ceiling, each the mean over entries."""
    columns = [rows[name].tolist() for name in ("entry", "mean", "sd", cost, f"{cost}_sd")]
    dots = [
        Mark(name, mean, colors[name], "", sd, seconds / 60, seconds_sd / 60)
        for name, mean, sd, seconds, seconds_sd in zip(*columns, strict=True)
        if not math.isnan(mean)
    ]
    floor = next((str(name) for name in rows["floor_name"] if name), "")
    said = {"floor": f"floor: {floor}" if floor else "floor"}
    lines = [Mark(said.get(level, level), float(rows[level].mean()), theme.muted, level) for level in _LEVELS]
    return dots + [line for line in lines if not math.isnan(line.value)]


def _panel(ax: Axes, marks: Sequence[Mark], height: float, theme: Theme) -> None:
    hairlines(ax, theme, "y")
    ax.locator_params(axis="x", nbins=5)
    ax.set_xlim(0, 1.06 * max([mark.minutes + _or_zero(mark.minutes_sd) for mark in marks]) or 1)
    ends = [mark.value + sign * _or_zero(mark.sd) for mark in marks for sign in (-1, 1)]
    low, high = min(ends), max(ends)
    margin = 0.07 * (high - low) or 0.1
    ax.set_ylim(low - margin, high + margin)
    ax.axvline(0, color=theme.hairline, linewidth=1.2)
    for mark in marks:
        if mark.level:
            ax.axhline(mark.value, color=mark.color, linewidth=1, linestyle=_LEVELS[mark.level], zorder=1)
        else:
            _dot(ax, mark, theme)
    _names(ax, marks, height, theme)


def _dot(ax: Axes, mark: Mark, theme: Theme) -> None:
    """A dot and its standard deviations over seeds, up and down and to the sides."""
    ax.errorbar(
        mark.minutes, mark.value, _or_zero(mark.sd), _or_zero(mark.minutes_sd), fmt="o", color=mark.color,
        markersize=5.5, elinewidth=1.4, markeredgecolor=theme.ground, markeredgewidth=0.6, zorder=4,
    )  # fmt: skip


def _names(ax: Axes, marks: Sequence[Mark], height: float, theme: Theme) -> None:
    """Names in a column at the right, each as near to its height as the others let it."""
    low, high = ax.get_ylim()
    right = ax.get_xlim()[1]
    ordered = sorted(marks, key=lambda mark: mark.value)
    wanted = [(mark.value - low) / (high - low) for mark in ordered]
    across = ax.get_yaxis_transform()  # x in widths of the panel, y in the measure
    for mark, place in zip(ordered, spread(wanted, _PITCH / height, 0.0, 1.0), strict=True):
        y = low + place * (high - low)
        begin = 1.0 if mark.level else mark.minutes / right
        ax.plot(
            [begin, _ELBOW, _NAMES_AT - 0.01], [mark.value, mark.value, y], color=mark.color, linewidth=0.7,
            alpha=0.55, transform=across, clip_on=False, zorder=2, scalex=False, scaley=False,
        )  # fmt: skip
        style = "italic" if mark.level else "normal"
        said = f"{mark.name}  {_number(mark.value)}"
        ax.text(
            _NAMES_AT, y, said, color=mark.color, fontsize=8, fontstyle=style, va="center", transform=across
        )


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "\u2212")


def _or_zero(value: float) -> float:
    """One seed has no deviation."""
    return 0.0 if math.isnan(value) else value


def _note(summary: pd.DataFrame) -> str:
    least, most = int(summary["seeds"].min()), int(summary["seeds"].max())
    seeds = f"{most}" if least == most else f"{least} to {most}"
    said = (
        f"Mean and standard deviation over {seeds} seeds." if most > 1 else "One seed: no deviation is known."
    )
    return f"{said} Names stand at their heights, moved apart where they meet."


def _alt(summary: pd.DataFrame, shown: Sequence[str]) -> str:
    parts = []
    cost, unit = _cost(summary)
    for measure in shown:
        rows = summary[(summary["measure"] == measure) & summary["mean"].notna()]
        said = ", ".join(
            f"{name} {mean:.2f} in {seconds / 60:.1f} {unit}"
            for name, mean, seconds in zip(rows["entry"], rows["mean"], rows[cost], strict=True)
        )
        parts.append(f"{NAMES.get(measure, measure)}: {said}.")
    return f"Quality against {unit} of training. " + " ".join(parts)
