"""A scorecard: the headline measures of a method, in one call that encodes every image once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.encoded import EncodedOnce
from maple_lib.evaluation.measures import (
    MEASURES,
    Row,
    grounding_rows,
    location_rows,
    retrieval_rows,
    robustness_rows,
    zero_shot_rows,
)
from maple_lib.evaluation.protocols import protocol
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.run import evaluate
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd

CANDIDATES = 400  # reports among which an image looks for its own


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the scorecard: a protocol, its measures, and the studies it is asked on."""

    protocol: str
    rows: Callable[[Any], Iterable[Row]]
    first: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


# Search by region comes first: it encodes the images with their regions, which serves all the others.
PARTS = {
    "location": Part("location_retrieval", location_rows),
    "grounding": Part("phantom_grounding_realistic", grounding_rows),
    "retrieval": Part("retrieval", retrieval_rows, first=CANDIDATES),
    "zero_shot": Part("zero_shot_phantom", zero_shot_rows),
    "robustness": Part(
        "robustness_phantom", robustness_rows, options={"conditions": ("laterality", "negation")}
    ),
}


@dataclass(frozen=True, eq=False)
class Scorecard:
    """The headline measures of one method on one set of studies.

    Attributes:
        method: name of what was scored.
        table: a row per measure: ``measure``, ``value``, ``low``, ``high``, ``chance``, ``floor``,
            ``floor_name``, ``ceiling``, ``n``, ``protocol``.
        results: the full results behind them, by the names of ``PARTS``.
        missing: parts that the studies cannot answer, and why.
        seed: of everything random in the evaluation.
    """

    method: str
    table: pd.DataFrame
    results: Mapping[str, Result]
    missing: Mapping[str, str]
    seed: int = 0

    def __getitem__(self, measure: str) -> float:
        """The value of a measure.

        Raises:
            MapleError: if it was not measured; the message lists what was.
        """
        found = self.table.loc[self.table["measure"] == measure, "value"]
        if found.empty:
            have = ", ".join(self.table["measure"])
            raise MapleError(f"measure {measure!r}", "not on this scorecard", f"it has: {have}")
        return float(found.iloc[0])

    @property
    def not_learned(self) -> tuple[str, ...]:
        """Findings that zero-shot sentences cannot tell: those below the bar of the protocol."""
        found: tuple[str, ...] = getattr(self.results.get("zero_shot"), "not_learned", ())
        return found

    def __str__(self) -> str:
        lines = [f"scorecard of {self.method}", self.table.round(3).to_string(index=False, na_rep="")]
        if self.not_learned:
            lines.append(f"not learned: {', '.join(self.not_learned)}")
        lines += [f"no {name}: {reason}" for name, reason in self.missing.items()]
        return "\n".join(lines)


def scorecard(
    method: Any,
    studies: Sequence[Study],
    train_studies: Sequence[Study] = (),
    validation: Sequence[Study] | None = None,
    batch_size: int = 64,
    seed: int = 0,
) -> Scorecard:
    """Score a method by all headline measures.

    Args:
        method: anything that speaks the interface of a method.
        studies: held-out studies; of the reports the first 400 are searched.
        train_studies: where the mean-lesion floor is learned; without them that floor is left out.
        validation: studies on which zero-shot thresholds are chosen; the AUC needs none.
        batch_size: studies encoded at a time; it does not change the scores.
        seed: of the random floor and of the bootstrap.

    Returns:
        A row per measure. A part that the studies cannot answer is named in ``missing``.

    Raises:
        MapleError: if no part can be answered; the message holds the first reason.
    """
    import pandas as pd

    once = EncodedOnce(method)
    rows: list[Row] = []
    results: dict[str, Result] = {}
    missing: dict[str, str] = {}
    asked: dict[str, dict[str, Any]] = {
        "grounding": {"train_studies": train_studies, "seed": seed},
        "zero_shot": {"validation_studies": validation, "seed": seed},
        "robustness": {"seed": seed},
    }
    for name, part in PARTS.items():
        options = {"batch_size": batch_size, **part.options, **asked.get(name, {})}
        try:
            results[name] = evaluate(once, studies[: part.first], part.protocol, **options)
            rows += part.rows(results[name])
        except MapleError as error:
            missing[name] = str(error)
    if not rows:
        raise MapleError(f"{len(studies)} studies", next(iter(missing.values())), "give others")
    rows.sort(key=lambda row: MEASURES.index(row.measure))
    table = pd.DataFrame([row.to_dict() for row in rows])
    return Scorecard(method_name(method), table, results, missing, seed)


def scorecard_protocols() -> tuple[str, ...]:
    """The protocols that a scorecard goes by, with their versions."""
    return tuple(str(protocol(part.protocol)) for part in PARTS.values())
