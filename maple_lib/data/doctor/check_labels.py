"""Labels and reports that contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from maple_lib.data.doctor.diagnosis import Case, Complaint
from maple_lib.data.doctor.exam import Card, Exam, share
from maple_lib.vocabulary import FINDINGS, finding

CONTRADICTION = Card(
    "label-report",
    "warning",
    "Labels that the report contradicts",
    "Labels of most public sets were mined from these reports by rules. Where the two disagree, one of them "
    "trains or scores the model wrongly; where they often disagree, the columns may be shifted.",
    "Read the sentence. The parser errs as well: correct whichever is wrong, or set the label to uncertain.",
)


def label_contradictions(exam: Exam) -> Iterator[Complaint]:
    """Labelled present and only denied, or labelled absent and stated; uncertain ones are left in peace."""
    labels = exam.corpus.labels
    known = labels[labels["value"].isin((0, 1)) & labels["finding"].isin(FINDINGS)]
    if not len(known):
        return
    said = _said(exam)
    cases = []
    for study, name, value in zip(known["study"], known["finding"], known["value"], strict=True):
        row = _contradicting(said[int(study)], str(name), int(value))
        if row is not None:
            cases.append(_case(exam, int(study), str(name), int(value), row))
    if cases:
        yield CONTRADICTION.complain(f"Contradicted: {share(len(cases), len(known), 'labels')}.", cases)


def _said(exam: Exam) -> dict[int, dict[str, dict[str, int]]]:
    """Study -> finding -> existence -> the first row of the statements that says so."""
    rows = exam.statements.rows
    said: dict[int, dict[str, dict[str, int]]] = defaultdict(dict)
    columns = (rows.index, rows["study"], rows["finding"], rows["existence"])
    for row, study, name, existence in zip(*columns, strict=True):
        said[int(study)].setdefault(str(name), {}).setdefault(str(existence), int(row))
    return said


def _contradicting(said: dict[str, dict[str, int]], name: str, value: int) -> int | None:
    """The row of the statement that contradicts a label, if there is one."""
    own = said.get(name, {})
    if value == 1:
        related = [said[each] for each in kinds_of(name) if each in said]
        affirmed = any(set(each) - {"absent"} for each in related)
        return None if affirmed else own.get("absent")
    return own.get("present")


@cache
def kinds_of(name: str) -> tuple[str, ...]:
    """The finding, what is a kind of it, and what it is a kind of: a consolidation is an opacity."""
    below = {name}
    while more := {each for each in FINDINGS if below & set(finding(each).parents)} - below:
        below |= more
    return (*sorted(below), *finding(name).parents)


def _case(exam: Exam, study: int, name: str, value: int, row: int) -> Case:
    statement = exam.statements.rows.iloc[row]
    label, report = ("present", "absent") if value else ("absent", "present")
    return exam.study_case(
        study,
        f"{name}: labelled {label}, the report says {report}",
        sentence=(int(statement["sentence_start"]), int(statement["sentence_end"])),
        words=((int(statement["start"]), int(statement["end"])),),
    )
