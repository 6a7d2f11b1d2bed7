"""What a training cost, kept beside it step by step, so that a run that was stopped still knows."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from maple_lib.training.log import read_log

COST = "cost.jsonl"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a training: by the clock on the wall, and of all processor cores together.

    Drawing and preparing the studies is not counted: runs share it. A step that was repeated after a stop
    counts once.
    """

    seconds: float
    cpu_seconds: float


class CostWatch:
    """Writes the time of every step; to be given to training as ``watch``.

    What happens between two steps (a stage that looks at the corpus first, a checkpoint) counts to the
    second.

    Args:
        run: the run's folder, which exists by the first step.
    """

    def __init__(self, run: Path) -> None:
        self._path = run / COST
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self._begun = False

    def __enter__(self) -> CostWatch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._begun:
            self._file.close()

    def __call__(self, row: dict[str, Any]) -> None:
        """See a row of the log."""
        wall, cpu = time.perf_counter(), time.process_time()
        spent, busy = wall - self._wall, cpu - self._cpu
        if not self._begun:  # before the first step studies were prepared: its share is by the clock
            share = min(1.0, row["seconds"] / spent) if spent else 0.0
            spent, busy = spent * share, busy * share
            self._file, self._begun = self._path.open("a", encoding="utf-8"), True
        facts = {"stage": row["stage"], "step": row["step"], "seconds": spent, "cpu_seconds": busy}
        self._file.write(json.dumps(facts) + "\n")
        self._file.flush()
        self._wall, self._cpu = wall, cpu


def read_cost(run: Path) -> Cost:
    """The cost of a run; without a record of it, the sum of the log's steps, and NaN for the cores."""
    steps = {(row["stage"], row["step"]): row for row in _rows(run / COST)}
    if steps:
        return Cost(
            sum(row["seconds"] for row in steps.values()), sum(row["cpu_seconds"] for row in steps.values())
        )
    return Cost(sum(row["seconds"] for row in read_log(run)), float("nan"))


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue  # cut by a kill
    return rows
