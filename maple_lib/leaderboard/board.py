"""The board: a row per entry, seed and measure; means over seeds; files that ship with their command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

TABLE, TEXT, FACTS = "board.parquet", "board.csv", "board.json"
HEADLINE = (
    "in_region_pointing",
    "gated_pointing",
    "pointing",
    "cnr",
    "location_free_pointing",
    "image_text_r10",
    "zero_shot_auc",
    "region_p5",
    "p5_ratio",
    "laterality",
    "negation",
    "negation_absent",
)
_COSTS = {"minutes": "seconds", "processor minutes": "cpu_seconds"}
# column of the summary -> column of the table, and what is made of its values over seeds
_COLUMNS: dict[str, Any] = {
    "method": ("method", "first"),
    "mean": ("value", "mean"),
    "sd": ("value", "std"),
    "seeds": ("seed", "nunique"),
    "chance": ("chance", "mean"),
    "floor": ("floor", "mean"),
    "floor_name": ("floor_name", "first"),
    "ceiling": ("ceiling", "mean"),
    "seconds": ("seconds", "mean"),
    "seconds_sd": ("seconds", "std"),
    "cpu_seconds": ("cpu_seconds", "mean"),
    "cpu_seconds_sd": ("cpu_seconds", "std"),
    "parameters": ("parameters", "mean"),
    "protocol": ("protocol", "first"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A run that did not come to its scores: of which entry and seed, and why."""

    entry: str
    seed: int
    reason: str

    def __str__(self) -> str:
        return f"{self.entry}, seed {self.seed}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Board:
    """Scores and costs of all runs.

    Attributes:
        table: a row per entry, seed and measure: ``entry``, ``method``, ``seed``, ``seconds`` and
            ``cpu_seconds`` of training, ``parameters``, and the columns of a scorecard.
        facts: configuration, versions and command.
        failures: runs that are not in the table.
    """

    table: pd.DataFrame
    facts: Mapping[str, Any]
    failures: tuple[Failure, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Means over seeds.

        Returns:
            One row per entry and measure, entries from the best in the first measure down: ``mean``, ``sd``
            (NaN for one seed), ``seeds``; means of ``chance``, ``floor`` and ``ceiling``, ``floor_name``;
            ``seconds`` and ``cpu_seconds`` of training with their deviations; ``parameters``; ``protocol``.
        """
        if self.table.empty:
            return self.table
        found = self.table.groupby(["entry", "measure"], sort=False).agg(**_COLUMNS).reset_index()
        order = {name: rank for rank, name in enumerate(self._ranked(found))}
        return found.sort_values(
            "entry", key=lambda names: names.map(order), kind="stable", ignore_index=True
        )

    def headline(self) -> pd.DataFrame:
        """The table to print: entries down, headline measures across, then chance, floors and ceilings."""
        import pandas as pd

        summary = self.summary()
        if summary.empty:
            return pd.DataFrame()
        across = [name for name in HEADLINE if name in set(summary["measure"])]
        rows = {
            name: {said: _minutes(group[column].iloc[0]) for said, column in _COSTS.items()}
            | _cells(group.set_index("measure"), across)
            for name, group in summary.groupby("entry", sort=False)
        }
        levels = summary.groupby("measure", sort=False)[["chance", "floor", "ceiling"]].mean()
        for level in levels:
            known = {name: _said(levels[level][name]) for name in across}
            rows[f"({level})"] = dict.fromkeys(_COSTS, "") | known
        return pd.DataFrame.from_dict(rows, orient="index").fillna("")

    def save(self, folder: str | Path) -> Path:
        """Write ``board.parquet``, ``board.csv`` and ``board.json``; the folder is made."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        self.table.to_parquet(target / TABLE, index=False)
        self.table.to_csv(target / TEXT, index=False)
        failures = [{"entry": f.entry, "seed": f.seed, "reason": f.reason} for f in self.failures]
        text = json.dumps({**self.facts, "failures": failures}, indent=1)
        (target / FACTS).write_text(text + "\n", encoding="utf-8")
        return target

    @classmethod
    def read(cls, folder: str | Path) -> Board:
        """Read what ``save`` wrote.

        Raises:
            MapleError: if the folder holds no board.
        """
        import pandas as pd

        source = Path(folder)
        if not (source / FACTS).is_file() or not (source / TABLE).is_file():
            raise MapleError(source, "holds no board", "make one with maple leaderboard")
        facts = json.loads((source / FACTS).read_text(encoding="utf-8"))
        failures = tuple(Failure(**failure) for failure in facts.pop("failures"))
        return cls(pd.read_parquet(source / TABLE), facts, failures)

    def __str__(self) -> str:
        told = "no run came to its scores" if self.table.empty else self.headline().to_string()
        return "\n".join([told, *(f"failed: {failure}" for failure in self.failures)])

    @staticmethod
    def _ranked(found: pd.DataFrame) -> list[str]:
        """Entries from the best in the first measure down; those without it at the end."""
        first = found[found["measure"] == found["measure"].iloc[0]].set_index("entry")["mean"]
        wanted = first.reindex(found["entry"].unique()).sort_values(ascending=False, kind="stable")
        return [str(name) for name in wanted.index]


def _cells(measured: pd.DataFrame, across: list[str]) -> dict[str, str]:
    return {
        name: _said(measured["mean"][name], measured["sd"][name]) for name in across if name in measured.index
    }


def _minutes(seconds: float) -> str:
    return "" if seconds != seconds else f"{seconds / 60:.1f}"


def _said(mean: float, sd: float = float("nan")) -> str:
    """``.62 ± .01``; nothing where nothing is known."""
    if mean != mean:
        return ""
    return f"{mean:.3f}" if sd != sd else f"{mean:.3f} ± {sd:.3f}"
