"""How often each finding is there, in each split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from maple_lib.data.doctor.diagnosis import Balance, Complaint
from maple_lib.data.doctor.exam import Card, Exam

ALWAYS = Card(
    "class-balance",
    "warning",
    "Findings that every study has",
    "A label that is the same in every study cannot be learned or scored, and a column of ones is often a "
    "column that was read wrongly.",
    "Check the column's values and its name; else leave the finding out.",
)
NEVER = Card(
    "class-balance",
    "note",
    "Findings that no study has",
    "Labels mined from reports know many findings only from their denial. They cannot be learned or scored.",
    "Leave them out of classes and of means over classes.",
)
UNTESTED = Card(
    "class-balance",
    "warning",
    "Findings that are trained on and cannot be tested",
    "Without a positive study in the test split there is no sensitivity, and an AUROC is undefined or NaN.",
    "Split anew with the findings in mind, or leave them out of the score.",
)
RARE = Card(
    "class-balance",
    "note",
    "Rare findings",
    "With fewer than ten positive studies a score moves by a tenth when one study changes its mind.",
    "Give confidence intervals, or put rare findings together.",
)
POSITIVE_ONLY = Card(
    "class-balance",
    "note",
    "Labels that name only what is there",
    "A report names a pacemaker that is there and no other. Nothing says whether a finding not named is "
    "absent or was not looked for.",
    "Take what is missing as absent only where the corpus's makers say so.",
)
_ENOUGH, _FEW = 50, 10
_NEARLY_ALL = 0.9


def balance_of(exam: Exam) -> tuple[Balance, ...]:
    """Counts of every labelled finding in every split, the most frequent finding first."""
    labels = exam.corpus.labels
    splits = exam.corpus.studies["split"].to_numpy(object)[labels["study"].to_numpy(int)]
    counted: dict[tuple[str, str | None], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for name, split, value in zip(labels["finding"], splits, labels["value"], strict=True):
        counted[str(name), split if isinstance(split, str) else None][int(value)] += 1
    rows = [Balance(*key, values[1], values[0], values[-1]) for key, values in counted.items()]
    total: dict[str, int] = defaultdict(int)
    for row in rows:
        total[row.finding] += row.present
    return tuple(sorted(rows, key=lambda row: (-total[row.finding], row.finding, str(row.split))))


def unbalanced(exam: Exam) -> Iterator[Complaint]:
    """Findings of one state, untested ones, rare ones."""
    rows = balance_of(exam)
    yield from _of_one_state(rows, len(exam.corpus.studies))
    untested = _untested(rows)
    if untested:
        yield UNTESTED.complain(f"Positive in training, never in the test split: {', '.join(untested)}.")
    rare = sorted({row.finding for row in rows if 0 < row.present < _FEW} - set(untested))
    if rare:
        yield RARE.complain(f"Fewer than {_FEW} positive studies in a split: {', '.join(rare)}.")


def _of_one_state(rows: Sequence[Balance], studies: int) -> Iterator[Complaint]:
    """Findings whose labels are all equal: in nearly every study, a column of ones; else named when there."""
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        for i, number in enumerate((row.present, row.absent, row.uncertain)):
            totals[row.finding][i] += number
    present, absent = ([n for n, each in totals.items() if each[state] == sum(each)] for state in (0, 1))
    always = [n for n in present if totals[n][0] >= max(_ENOUGH, _NEARLY_ALL * studies)]
    if always:
        yield ALWAYS.complain(f"Present wherever it is labelled: {', '.join(always)}.")
    if len(present) > len(always):
        named = (
            "every finding"
            if len(present) == len(totals)
            else ", ".join(n for n in present if n not in always)
        )
        yield POSITIVE_ONLY.complain(f"Never labelled absent: {named}.")
    if absent:
        yield NEVER.complain(f"Never labelled present: {', '.join(absent)}.")


def _untested(rows: Sequence[Balance]) -> list[str]:
    there = {(row.finding, row.split): row.present for row in rows}
    if not any(row.split == "test" for row in rows):
        return []
    trained = [row for row in rows if row.split == "train" and row.present >= _ENOUGH]
    return [row.finding for row in trained if not there.get((row.finding, "test"))]
