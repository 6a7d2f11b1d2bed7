"""Identifiers left in reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from maple_lib.data.doctor.diagnosis import Complaint
from maple_lib.data.doctor.exam import Card, Exam, share
from maple_lib.data.doctor.identifiers import kinds_in

LEFT = Card(
    "identifier",
    "warning",
    "Identifiers left in reports",
    "A date, a name or a number can identify a patient. It ends up in checkpoints' vocabularies, in search "
    "results, in screenshots; most data agreements ask that it be reported.",
    "De-identify these reports before anything else is done with them. The doctor tells the kind, never the "
    "text.",
)


def identifiers(exam: Exam) -> Iterator[Complaint]:
    """Dates, telephone and record numbers, addresses, names, by their form."""
    found = [(i, kinds) for i, text in enumerate(exam.corpus.studies["report"]) if (kinds := kinds_in(text))]
    if found:
        tally = Counter(kind for _, kinds in found for kind in kinds)
        told = ", ".join(f"{kind} in {n:,}" for kind, n in tally.most_common())
        total = len(exam.corpus.studies)
        yield LEFT.complain(
            f"By their form, in {share(len(found), total, 'reports')}: {told}.",
            (exam.study_case(i, ", ".join(kinds)) for i, kinds in found),
        )
