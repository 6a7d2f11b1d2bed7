"""What each measure loses or gains when one thing is changed: a row a variant, a column a measure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.viz.leaderboard import NAMES
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, LIGHT, Theme, figure, ground_halo, hairlines, heading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = (
    "in_region_pointing",
    "pointing",
    "laterality",
    "zero_shot_auc",
    "image_text_r10",
    "region_p5",
)
_SHORT = {
    "in_region_pointing": "pointing\nin the region",
    "pointing": "pointing,\nungated",
    "laterality": "named\nside",
    "zero_shot_auc": "zero-shot\nAUC",
    "image_text_r10": "report by\nimage, R@10",
    "region_p5": "case by\nregion, P@5",
}
_ROW, _GAP = 0.21, 1.35  # inches of a row; rows that a question takes above its variants


@dataclass(frozen=True, slots=True)
class Row:
    """A variant: where it stands from the top, in rows, and which one it is compared with.

    Attributes:
        question, name: of the ablation and of the variant.
        at: its place from the top.
        reference: the name of the variant that nothing was changed in.
    """

    question: str
    name: str
    at: float
    reference: str


def ablation_figure(
    summaries: Mapping[str, pd.DataFrame],
    order: Sequence[str] = (),
    measures: Sequence[str] = COLUMNS,
    dark: bool = False,
    title: str = "",
) -> Figure:
    """One panel a measure; in it a dot a variant, joined to the value that the unchanged method has.

    Args:
        summaries: ``Board.summary()`` of each ablation, by its question.
        order: names of the variants from the top, the unchanged one of each question first; without it
            they stand as in the tables.
        measures: which to show; those that were not measured are left out.
        dark: on a dark ground.
        title: over all panels.

    Raises:
        MapleError: if no table holds any of the measures.
    """
    known = {name for table in summaries.values() if not table.empty for name in table["measure"]}
    shown = [name for name in measures if name in known]
    if not shown:
        said = ", ".join(sorted(known)) or "no measure"
        raise MapleError(f"measures {', '.join(measures)}", "no rows", f"the tables hold: {said}")
    rows = _rows(summaries, order)
    theme = DARK if dark else LIGHT
    with figure(2.6 + 1.3 * len(shown), _ROW * (rows[-1].at + 1) + 1.2, theme, wspace=0.0) as fig:
        panels = fig.subplots(1, len(shown), sharey=True, squeeze=False)[0]
        for ax, measure in zip(panels, shown, strict=True):
            _panel(ax, measure, rows, summaries, theme)
        _row_names(panels[0], rows, theme)
        heading(fig, title, _note(summaries), theme)
    return describe(fig, _alt(rows, summaries, shown))


def _rows(summaries: Mapping[str, pd.DataFrame], order: Sequence[str]) -> list[Row]:
    """All variants from the top, a gap before each question."""
    rank = {name: i for i, name in enumerate(order)}
    rows: list[Row] = []
    top = 0.0
    for question, table in summaries.items():
        names = [] if table.empty else list(dict.fromkeys(table["entry"]))
        names.sort(key=lambda name: rank.get(name, len(rank)))
        rows += [Row(question, name, top + _GAP + i, names[0]) for i, name in enumerate(names)]
        top += _GAP + len(names)
    return rows


def _panel(
    ax: Axes, measure: str, rows: Sequence[Row], summaries: Mapping[str, pd.DataFrame], theme: Theme
) -> None:
    """One measure of all variants."""
    hairlines(ax, theme, "x")
    ax.set_xlim(-0.28, 1.28)
    ax.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    ax.set_title(_SHORT.get(measure, NAMES.get(measure, measure)), fontsize=8.5)
    for row in rows:
        found = _value(summaries[row.question], row.name, measure)
        wanted = _value(summaries[row.question], row.reference, measure)
        if found is None:
            continue
        mean, sd, chance = found
        if wanted is not None:
            ax.plot([wanted[0], mean], [row.at, row.at], color=theme.accent, linewidth=2.2, alpha=0.45)
            ax.plot([wanted[0]] * 2, [row.at - 0.5, row.at + 0.5], color=theme.muted, linewidth=0.8)
        ax.plot([chance] * 2, [row.at - 0.5, row.at + 0.5], color=theme.muted, linewidth=0.9, linestyle=":")
        _dot(ax, row, mean, sd, wanted is not None and mean > wanted[0], theme)


def _dot(ax: Axes, row: Row, mean: float, sd: float, to_right: bool, theme: Theme) -> None:
    """The value as a dot, and as a number on the side away from what it is compared with."""
    color = theme.ink if row.name == row.reference else theme.accent
    beside = 0.0 if math.isnan(sd) else sd
    ax.errorbar(
        mean, row.at, xerr=beside or None, fmt="o", color=color, markersize=4.5, elinewidth=1.2,
        markeredgecolor=theme.ground, markeredgewidth=0.5, zorder=4,
    )  # fmt: skip
    ax.annotate(
        _number(mean), (mean + beside if to_right else mean - beside, row.at),
        xytext=(5 if to_right else -5, -0.5), textcoords="offset points",
        ha="left" if to_right else "right", va="center", fontsize=7.5, color=color,
        path_effects=ground_halo(theme), zorder=5,
    )  # fmt: skip


def _number(value: float) -> str:
    """``.78``, ``1.00``, ``−.01``."""
    return f"{value:.2f}".replace("-", "\u2212").replace("0.", ".", 1)


def _row_names(ax: Axes, rows: Sequence[Row], theme: Theme) -> None:
    """Variants at the left, each question over its own; it may reach over the other panels."""
    ax.set_zorder(2)
    ax.patch.set_visible(False)
    ax.set_ylim(rows[-1].at + 0.6, 0.0)
    ax.set_yticks([row.at for row in rows], [row.name.replace("_", " ") for row in rows], fontsize=8)
    for row in rows:
        if row.name == row.reference:
            said = ax.annotate(
                row.question, (0, row.at - 0.98), xycoords=("figure fraction", "data"), xytext=(6, 0),
                textcoords="offset points", fontsize=8.5, fontweight="bold", color=theme.ink, va="center",
                annotation_clip=False, path_effects=ground_halo(theme), zorder=6,
            )  # fmt: skip
            said.set_in_layout(False)


def _value(table: pd.DataFrame, name: str, measure: str) -> tuple[float, float, float] | None:
    """Mean, deviation over seeds, chance; None where it was not measured."""
    found = table[(table["entry"] == name) & (table["measure"] == measure)]
    if found.empty or math.isnan(found["mean"].iloc[0]):
        return None
    return tuple(float(found[column].iloc[0]) for column in ("mean", "sd", "chance"))  # type: ignore[return-value]


def _note(summaries: Mapping[str, pd.DataFrame]) -> str:
    seeds = [int(n) for table in summaries.values() if not table.empty for n in table["seeds"]]
    least, most = min(seeds), max(seeds)
    said = f"{most} seed{'s' if most > 1 else ''}" if least == most else f"{least} to {most} seeds"
    deviation = " Bars: standard deviation over seeds." if most > 1 else ""
    return f"{said}. Upright line: the variant on top; dotted: chance.{deviation}"


def _alt(rows: Sequence[Row], summaries: Mapping[str, pd.DataFrame], shown: Sequence[str]) -> str:
    parts = []
    for row in rows:
        values = [(m, _value(summaries[row.question], row.name, m)) for m in shown]
        said = ", ".join(f"{NAMES.get(m, m)} {v[0]:.2f}" for m, v in values if v is not None)
        head = f"{row.question} " if row.name == row.reference else ""
        parts.append(f"{head}{row.name}: {said}.")
    return " ".join(parts)
