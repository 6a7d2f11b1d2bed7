"""The measures of a scorecard: for each part of it, from a full result to a few tidy rows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import GroundingProtocol

if TYPE_CHECKING:
    import pandas as pd

NAN = math.nan
MEAN_LESION = "mean lesion"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of a method.

    Attributes:
        measure: its name, one of ``MEASURES``.
        value, low, high: the mean, and its bootstrap 95 % interval.
        chance: what no knowledge gives.
        floor, floor_name: the best that needs no learning, and which that is.
        ceiling: the best that is possible, where anybody knows.
        n: defined queries behind the mean.
        protocol: by which it was made.
        note: what else a reader must know, such as the findings that were not learned.
    """

    measure: str
    value: float
    low: float
    high: float
    chance: float = NAN
    floor: float = NAN
    floor_name: str = ""
    ceiling: float = NAN
    n: int = 0
    protocol: str = ""
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


# measure -> phrases, gated, metric
_GROUNDING: dict[str, tuple[str, bool, str]] = {
    "in_region_pointing": ("placed", False, "region_pointing"),
    "in_region_cnr": ("placed", False, "region_cnr"),
    "gated_pointing": ("placed", True, "pointing"),
    "pointing": ("placed", False, "pointing"),
    "cnr": ("placed", False, "cnr"),
    "location_free_pointing": ("location-free", False, "pointing"),
    "auprc": ("placed", False, "auprc"),
    "miou": ("placed", False, "miou"),
}
_KS = (1, 5, 10)
MEASURES = (
    *_GROUNDING,
    *(f"image_text_r{k}" for k in _KS),
    "zero_shot_auc",
    "region_p5",
    "whole_image_p5",
    "p5_ratio",
    "laterality",
    "negation",
    "negation_absent",
)


def grounding_rows(result: Any) -> Iterator[Row]:
    """Grounding measures, beside their best floor (gated pointing: the mean lesion's) and the oracle."""
    protocol: GroundingProtocol = result.protocol
    table = result.summary()
    for measure, (phrases, gated, metric) in _GROUNDING.items():
        metric = f"miou_{protocol.headline}" if metric == "miou" else metric
        group = table[(table["phrases"] == phrases) & (table["gated"] == gated)]
        group = group[group["metric"].isin([metric, "region_chance"])].set_index(["source", "metric"])
        if ("method", metric) in group.index:
            yield _grounding_row(group, measure, metric, gated)


def _grounding_row(group: pd.DataFrame, measure: str, metric: str, gated: bool) -> Row:
    found: Any = group.loc[("method", metric)]
    name, floor, chance = found["floor_source"], found["floor"], found["chance"]
    if gated:  # a peak at random lands inside the region: the lesion's share of that
        chance = group["mean"].get(("method", "region_chance"), NAN)
        if not math.isnan(lesion := group["mean"].get((MEAN_LESION, metric), NAN)):
            name, floor = MEAN_LESION, lesion
    named = name if isinstance(name, str) else ""
    ceiling = float(found["ceiling"])
    return _row(found, measure, chance=float(chance), floor=float(floor), floor_name=named, ceiling=ceiling)


def retrieval_rows(result: Any) -> Iterator[Row]:
    """How often an image finds its report among the first few."""
    table = result.summary()
    table = table[table["direction"] == "image->text"].set_index("metric")
    for k in _KS:
        found = table.loc[f"R@{k}"]
        yield _row(found, f"image_text_r{k}", chance=float(found["chance"]), ceiling=1.0)


def zero_shot_rows(result: Any) -> Iterator[Row]:
    """The area under the ROC curve, mean over findings."""
    table = result.summary()
    macro = table[(table["finding"] == "macro") & (table["metric"] == "auc")].iloc[0]
    note = f"not learned: {', '.join(result.not_learned)}" if result.not_learned else ""
    yield _row(macro, "zero_shot_auc", chance=0.5, ceiling=1.0, n=int(macro["n"]), note=note)


def location_rows(result: Any) -> Iterator[Row]:
    """P@5 by the region, by the whole image, and how many times better the first is; images ask images."""
    table = result.summary()
    table = table[(table["metric"] == "P@5") & (table["direction"] == "image->image")].set_index("source")
    if table.empty:
        raise MapleError(f"protocol {result.protocol}", "has no P@5", "give it ks with 5, and image->image")
    levels: dict[str, Any] = {
        "chance": float(table["mean"]["random"]),
        "floor": float(table["mean"]["prevalence"]),
    }
    levels |= {"floor_name": "prevalence"}
    by_region, whole = table.loc["conditioned"], table.loc["whole image"]
    yield _row(by_region, "region_p5", **levels)
    yield _row(whole, "whole_image_p5", **levels)
    ratio = float(by_region["mean"] / whole["mean"]) if whole["mean"] else NAN
    yield Row("p5_ratio", ratio, NAN, NAN, chance=1.0, n=int(by_region["n"]), protocol=str(result.protocol))


# measure -> metric
_ROBUSTNESS = {"laterality": "laterality", "negation": "negation", "negation_absent": "negation, absent"}


def robustness_rows(result: Any) -> Iterator[Row]:
    """Does "left" follow the left, does "no" lower the score where a finding is, and raise it where not?"""
    table = result.summary()
    table = table[table["condition"].isin(_ROBUSTNESS)]
    for measure, metric in _ROBUSTNESS.items():
        for _, row in table[table["metric"] == metric].iterrows():
            yield _row(row, measure, chance=0.5, ceiling=1.0)


def _row(found: pd.Series, measure: str, **levels: Any) -> Row:
    """A row of a summary as a measure."""
    counted = int(found["n"]) - int(found.get("undefined", 0))
    facts: dict[str, Any] = {"n": counted, "protocol": str(found["protocol"])} | levels
    return Row(measure, float(found["mean"]), float(found["low"]), float(found["high"]), **facts)
