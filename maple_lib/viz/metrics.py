"""A method beside what needs no learning: a number without its floors says little."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.viz.saving import describe
from maple_lib.viz.style import DARK, LIGHT, Theme, figure, ground_halo, hairlines

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Interval = Sequence[float]  # mean, low, high

NAMES = {
    "pointing": "pointing game\n(peaks on the lesion)",
    "region_pointing": "in-region pointing game\n(in the named region only)",
    "cnr": "contrast-to-noise ratio\n(signed; lesion or not)",
    "region_cnr": "in-region contrast-to-noise\n(signed; lesion or not)",
    "miou_clamp": "mean intersection over union\n(five thresholds)",
    "auprc": "average precision of the pixels",
}
METRICS = ("pointing", "region_pointing", "cnr", "miou_clamp")
_CEILING = "oracle"
_WORDS = {"oracle": "ceiling of the grid"}


def metrics_figure(
    summary: pd.DataFrame, metrics: Sequence[str] = METRICS, phrases: str = "placed", dark: bool = False
) -> Figure:
    """Means with their 95 % intervals, one panel a metric: the method, its floors, and the ceiling.

    Args:
        summary: ``GroundingResult.summary()``: one row per source, gating, kind of phrase and metric.
        metrics: which to show, from left to right.
        phrases: ``"placed"`` or ``"location-free"``.
        dark: on a dark ground.

    Raises:
        MapleError: if the table holds no such rows.
    """
    rows = summary[(summary["phrases"] == phrases) & ~summary["gated"].astype(bool)]
    rows = rows[rows["metric"].isin(metrics)]
    if rows.empty:
        have = ", ".join(sorted(set(summary["metric"])))
        raise MapleError(f"metrics {', '.join(metrics)}", "no rows", f"the table holds: {have}")
    theme = DARK if dark else LIGHT
    sources = list(dict.fromkeys(rows["source"]))
    with figure(2.4 * len(metrics) + 1.3, 0.36 * len(sources) + 1.05, theme, wspace=0.04) as fig:
        axes = fig.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for ax, metric in zip(axes, metrics, strict=True):
            _panel(ax, _values(rows, metric), sources, theme)
            ax.set_title(NAMES.get(metric, metric), fontsize=8.8)
            _chance_line(ax, summary, metric, phrases, theme)
        _name_sources(axes[0], rows, sources, theme)
    return describe(fig, _say(rows, metrics))


def _values(rows: pd.DataFrame, metric: str) -> dict[str, Interval]:
    """Source -> mean, low and high of one metric."""
    chosen = rows[rows["metric"] == metric]
    columns = (chosen[name].tolist() for name in ("source", "mean", "low", "high"))
    return {str(source): values for source, *values in zip(*columns, strict=True)}


def _panel(ax: Axes, values: Mapping[str, Interval], sources: Sequence[str], theme: Theme) -> None:
    hairlines(ax, theme)
    ax.locator_params(axis="x", nbins=5)
    ax.axvline(0, color=theme.hairline, linewidth=1.4)
    for y, source in enumerate(sources):
        mean, low, high = values.get(source, (math.nan,) * 3)
        if math.isnan(mean):
            ax.text(0, y, " undefined", va="center", fontsize=7.5, color=theme.muted)
            continue
        color = theme.accent if source == "method" else theme.muted
        ax.plot([low, high], [y, y], color=color, linewidth=2, solid_capstyle="round", alpha=0.55)
        inside = theme.ground if source == _CEILING else color
        ax.plot(mean, y, "o", color=color, markerfacecolor=inside, markersize=8 if source == "method" else 6)
        ax.annotate(
            f"{mean:.2f}".replace("-", "\u2212"), (max(high, mean), y), (7, 0), textcoords="offset points",
            va="center", fontsize=8.2, color=color, fontweight="bold" if source == "method" else "normal",
            path_effects=ground_halo(theme),
        )  # fmt: skip
    ax.margins(x=0.2, y=0.12)


def _name_sources(ax: Axes, rows: pd.DataFrame, sources: Sequence[str], theme: Theme) -> None:
    """The method by its name, and the worst at the bottom as the table has them."""
    name = str(rows["method"].iloc[0]) if "method" in rows else "method"
    ax.set_yticks(range(len(sources)), [name if s == "method" else _WORDS.get(s, s) for s in sources])
    ax.invert_yaxis()
    for label, source in zip(ax.get_yticklabels(), sources, strict=True):
        label.set_fontsize(9)
        label.set_color(theme.ink if source == "method" else theme.muted)
        label.set_fontweight("bold" if source == "method" else "normal")


def _chance_line(ax: Axes, summary: pd.DataFrame, metric: str, phrases: str, theme: Theme) -> None:
    """Where a peak at random would land: the lesion's share of the pixels that count."""
    name = {"pointing": "chance", "region_pointing": "region_chance"}.get(metric)
    found = summary[
        (summary["metric"] == name) & (summary["phrases"] == phrases) & (summary["source"] == "method")
    ]
    if name is None or found.empty:
        return
    level = float(found["mean"].iloc[0])
    ax.axvline(level, color=theme.muted, linewidth=1, linestyle=(0, (3, 3)), zorder=0)
    ax.annotate(
        "chance", (level, 0), (3, 0), xycoords=("data", "axes fraction"), textcoords="offset points",
        va="bottom", fontsize=7.2, color=theme.muted, path_effects=ground_halo(theme),
    )  # fmt: skip


def _say(rows: pd.DataFrame, metrics: Sequence[str]) -> str:
    parts = []
    for metric in metrics:
        values = _values(rows, metric).items()
        said = ", ".join(f"{source} {value[0]:.2f}" for source, value in values if not math.isnan(value[0]))
        parts.append(f"{NAMES.get(metric, metric).splitlines()[0]}: {said}.")
    return "Dots with 95 percent intervals. " + " ".join(parts)
