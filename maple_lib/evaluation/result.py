"""Results as tidy tables, with the protocol printed beside every number."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.evaluation.problems import problem_table
from maple_lib.evaluation.protocols import Protocol

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Result:
    """What an evaluation gives.

    Attributes:
        protocol: by which the numbers were made.
        method: name of what was evaluated.
        table: tidy, one row per scored thing.
        seed: of everything random in the evaluation.
        problems: what was odd, one row each: study_id, phrase, problem, detail.
    """

    protocol: Protocol
    method: str
    table: pd.DataFrame
    seed: int = 0
    problems: pd.DataFrame = field(default_factory=problem_table, kw_only=True)

    def summary(self) -> pd.DataFrame:
        """The numbers to quote, one row each, with the protocol and the method."""
        return self.table.assign(protocol=str(self.protocol), method=self.method)

    def breakdown(self) -> pd.DataFrame:
        """All rows worth keeping: those of ``summary()``, and where it makes sense split by group."""
        return self.summary()

    def told(self) -> str:
        """The problems by kind, a line each with their number; empty where there was none."""
        counts = self.problems["problem"].value_counts(sort=False)
        return "".join(f"\n{n} x {problem}" for problem, n in counts.items())

    def save(self, path: str | Path) -> Path:
        """Write the table as ``.parquet`` or ``.csv``, with the protocol and the method as columns.

        Raises:
            MapleError: for any other ending.
        """
        target = Path(path)
        table = self.table.assign(protocol=str(self.protocol), method=self.method, seed=self.seed)
        if target.suffix == ".parquet":
            table.to_parquet(target, index=False)
        elif target.suffix == ".csv":
            table.to_csv(target, index=False)
        else:
            raise MapleError(target, "unknown ending", "use .parquet or .csv")
        return target

    def __str__(self) -> str:
        return f"{self.method} by protocol {self.protocol}\n{self.table.round(3).to_string(index=False)}"
