"""What the demo's grounding numbers mean, each beside its floors, in a sentence or two."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from maple_lib.viz.metrics import NAMES

# metric -> what is measured, and what to keep in mind
_MEANINGS = {
    "pointing": ("The share of phrases whose map is warmest on the lesion: {method}.", ""),
    "region_pointing": (
        "The same among the pixels of the named region only: {method}.",
        "Finding the region earns nothing here; chance is the lesion's share of it, {chance}.",
    ),
    "cnr": (
        "How far the map inside the lesion stands out from the rest, in units of their spread: {method}.",
        "It rewards flat maps of the right anatomy, so a bare region mask scores high.",
    ),
    "miou_clamp": (
        "How well the warm area and the lesion coincide: {method}.",
        "The patch grid is coarse: even the truth, drawn on that grid, is far from 1.",
    ),
}


def explain_metrics(rows: Sequence[Mapping[str, Any]]) -> str:
    """A list of definitions, one per metric.

    Args:
        rows: of ``GroundingResult.summary()``, as dictionaries.
    """
    means = _means(rows)
    return f"<dl>{''.join(_explain(metric, means) for metric in _MEANINGS if metric in means)}</dl>"


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Metric -> source -> mean, of ungated maps of phrases that name a place."""
    means: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["phrases"] == "placed" and not row["gated"] and not math.isnan(row["mean"]):
            means.setdefault(row["metric"], {})[row["source"]] = row["mean"]
    return means


def _explain(metric: str, means: Mapping[str, Mapping[str, float]]) -> str:
    by_source, form = means[metric], ".0%" if "pointing" in metric else ".2f"
    own = by_source["method"]
    floors = {name: value for name, value in by_source.items() if name not in ("method", "oracle")}
    below = [name for name, value in floors.items() if value < own]
    above = [f"{name} ({value:{form}})" for name, value in floors.items() if value >= own]
    verdict = f"Above {', '.join(below) or 'no floor'}; " + (
        f"not above {', '.join(above)}." if above else "above every floor."
    )
    chance = means.get("region_chance", {}).get("method", math.nan)
    measured, mind = (
        words.format(method=f"{own:{form}}", chance=f"{chance:.0%}") for words in _MEANINGS[metric]
    )
    return f"<dt>{NAMES[metric].splitlines()[0]}</dt><dd>{html.escape(f'{measured} {verdict} {mind}')}</dd>"
