"""What the reports state, by our parser, as one table: reports are read once and let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maple_lib.data.doctor.corpus import table
from maple_lib.reports import ParsedReport, iter_parse
from maple_lib.reports.sections import CONTEXT

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 50_000  # as plain tuples they would take five times the memory
COLUMNS = (
    "study",
    "finding",
    "region",
    "existence",
    "implied",
    "sentence_start",
    "sentence_end",
    "start",
    "end",
)


@dataclass(frozen=True)
class Statements:
    """A row per statement, and per study whether its report says anything outside its context sections."""

    rows: pd.DataFrame
    speaks: list[bool]


def read_statements(reports: Sequence[str], workers: int, progress: bool) -> Statements:
    """Parse the reports and keep what they assert.

    Args:
        reports: by row of the studies.
        workers: processes; their start pays from some ten thousand reports on.
        progress: show a bar.
    """
    outcomes: Iterable[ParsedReport | None] = (
        outcome.report for outcome in iter_parse(reports, workers if len(reports) > 10_000 else 1)
    )
    if progress:
        from tqdm.auto import tqdm

        outcomes = tqdm(outcomes, total=len(reports), desc="reports", unit="report")
    frames, rows, speaks = [], list[tuple[object, ...]](), list[bool]()
    for study, report in enumerate(outcomes):
        speaks.append(report is not None and any(s.section not in CONTEXT for s in report.sentences))
        rows.extend(_rows(study, report) if report is not None else ())
        if len(rows) >= _ROWS:
            frames.append(table(rows, COLUMNS))
            rows.clear()
    return Statements(_joined([*frames, table(rows, COLUMNS)]), speaks)


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else frames[0]


def _rows(study: int, report: ParsedReport) -> list[tuple[object, ...]]:
    return [
        (study, t.finding, t.region, t.existence, t.implied, *report.sentences[t.sentence].span, *t.span)
        for t in report.triplets
    ]
