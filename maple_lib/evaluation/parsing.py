"""How well a parser finds the statements of reports: precision, recall, F1 of triplets and their pairs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import ParsingProtocol
from maple_lib.evaluation.result import Result
from maple_lib.reports.types import Triplet

if TYPE_CHECKING:
    import pandas as pd

Statement = tuple[Any, ...]

# What of a (region, finding, existence) is compared, and where the finding stands in it.
_LEVELS: dict[str, Callable[[Triplet], Statement]] = {
    "triplet": lambda t: t.key,
    "finding and existence": lambda t: (t.finding, t.existence),
    "region and finding": lambda t: (t.region, t.finding),
}


@dataclass(frozen=True, eq=False)
class ParsingResult(Result):
    """One row per level and finding, ``"all"`` for the micro average.

    Attributes:
        reports_per_second: speed of the parser on one core; None where it was not run here.
    """

    reports_per_second: float | None = None

    def summary(self) -> pd.DataFrame:
        """The micro averages of the three levels."""
        micro = self.table[self.table["finding"] == "all"]
        return micro.assign(protocol=str(self.protocol), method=self.method).reset_index(drop=True)


def score_triplets(
    predicted: Sequence[Iterable[Triplet]], truth: Sequence[Iterable[Triplet]]
) -> pd.DataFrame:
    """Compare sets of triplets, item by item.

    Args:
        predicted: triplets found in each report (or each sentence).
        truth: true triplets of the same reports (or sentences), in the same order.

    Returns:
        Tidy table: level, finding, precision, recall, f1, true (how many there are), predicted.
        Precision is NaN where nothing was predicted, recall where nothing is true; F1 is then 0, or NaN
        where both are.

    Raises:
        MapleError: if the numbers of items disagree.
    """
    import pandas as pd

    if len(predicted) != len(truth):
        raise MapleError(
            f"{len(predicted)} predicted, {len(truth)} true items",
            "numbers disagree",
            "give one of each per report",
        )
    found, wanted = [list(p) for p in predicted], [list(t) for t in truth]
    rows: list[dict[str, object]] = []
    for level, key in _LEVELS.items():
        hits, made, due = _counts(found, wanted, key)
        for finding in ["all", *sorted((made | due).keys() - {"all"})]:
            facts: dict[str, object] = {"level": level, "finding": finding}
            rows.append(facts | _precision_recall(hits[finding], made[finding], due[finding]))
    return pd.DataFrame(rows)


def evaluate_parsing(
    parser: Callable[[str], Any] | None, studies: Sequence[Study], protocol: ParsingProtocol
) -> ParsingResult:
    """Parse the reports of studies whose triplets are exact (phantoms) and compare.

    Args:
        parser: text -> something with ``.triplets``; None for ``maple_lib.parse``.
        studies: with reports and true triplets.
        protocol: its name and version go with the numbers.
    """
    from maple_lib.reports import parse

    chosen = parse if parser is None else parser
    start = time.perf_counter()
    predicted = [chosen(study.report).triplets for study in studies]
    seconds = time.perf_counter() - start
    table = score_triplets(predicted, [study.triplets for study in studies])
    name = str(getattr(chosen, "__name__", type(chosen).__name__))
    return ParsingResult(protocol, name, table, reports_per_second=len(studies) / max(seconds, 1e-9))


def _counts(
    found: Sequence[Sequence[Triplet]],
    wanted: Sequence[Sequence[Triplet]],
    key: Callable[[Triplet], Statement],
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Hits, predictions and truths by finding, and over ``"all"``."""
    hits: Counter[str] = Counter()
    made: Counter[str] = Counter()
    due: Counter[str] = Counter()
    for one, other in zip(found, wanted, strict=True):
        ours = {key(t): t.finding for t in one}
        true = {key(t): t.finding for t in other}
        for counter, statements in (
            (made, ours),
            (due, true),
            (hits, {s: ours[s] for s in ours.keys() & true.keys()}),
        ):
            counter.update(statements.values())
            counter["all"] += len(statements)
    return hits, made, due


def _precision_recall(hits: int, made: int, due: int) -> dict[str, object]:
    nan = float("nan")
    return {
        "precision": hits / made if made else nan,
        "recall": hits / due if due else nan,
        "f1": 2 * hits / (made + due) if made + due else nan,
        "true": due,
        "predicted": made,
    }
