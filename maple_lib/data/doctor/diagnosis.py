"""What the doctor says: complaints, each with its cases, its reason and its remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from maple_lib.reports.types import Span

if TYPE_CHECKING:
    from maple_lib.data.doctor.exam import Exam

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
Box = tuple[float, float, float, float]
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to draw on an image: (x1, y1, x2, y2) in its pixels, with a word or two."""

    box: Box
    words: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One study, or one image of it, that has the complaint.

    Attributes:
        study_id: whose it is.
        detail: what is wrong here, in a few words; never a word of the report.
        study: row of ``Corpus.studies``, or None where the study could not even be loaded.
        image: row of ``Corpus.images``, or None where no image is concerned.
        marks: boxes to show on that image.
        sentence: characters of the report to show, or None.
        words: characters inside it to highlight.
        key: what ``fix`` needs to know: what is repeated, or which pictures belong together.
    """

    study_id: str
    detail: str = ""
    study: int | None = None
    image: int | None = None
    marks: tuple[Mark, ...] = ()
    sentence: Span | None = None
    words: tuple[Span, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong, wherever it occurs.

    Attributes:
        check: id of the check: ``"patient-across-splits"``.
        severity: ``"error"`` (wrong for certain), ``"warning"`` (look at it) or ``"note"`` (good to know).
        title: the heading.
        what: what is wrong, in a sentence with its numbers.
        why: what happens to a model or a score if it stays.
        remedy: what to do.
        cases: where it occurs; a note about the corpus as a whole may have none.
        fixable: whether ``fix`` mends it.
    """

    check: str
    severity: Severity
    title: str
    what: str
    why: str
    remedy: str
    cases: tuple[Case, ...] = ()
    fixable: bool = False

    @property
    def study_ids(self) -> tuple[str, ...]:
        """The studies concerned, each once, in the order of the corpus."""
        return tuple(dict.fromkeys(case.study_id for case in self.cases))

    def __str__(self) -> str:
        ids = self.study_ids
        shown = ", ".join(ids[:_SHOWN]) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")
        where = f"\n    studies: {shown}" if ids else ""
        return f"{self.severity}: {self.title} [{self.check}]\n    {self.what}{where}\n    {self.remedy}"


@dataclass(frozen=True, slots=True)
class Balance:
    """How many studies of one split state a finding, by its label."""

    finding: str
    split: str | None
    present: int
    absent: int
    uncertain: int


@dataclass(frozen=True)
class Diagnosis:
    """All that the doctor found.

    Attributes:
        complaints: worst first.
        counts: what was examined: studies, images, patients, reports, boxes, labels.
        splits: studies in each split; None for those that are in none.
        balance: of every labelled finding in every split.
        checked: what was looked for -> complaints; a check that found nothing is there with 0.
        exam: what was examined, tables and looks; the page takes its pictures from there.
    """

    complaints: tuple[Complaint, ...]
    counts: Mapping[str, int]
    splits: Mapping[str | None, int]
    balance: tuple[Balance, ...] = ()
    checked: Mapping[str, int] = field(default_factory=dict)
    exam: Exam | None = field(default=None, repr=False, compare=False)

    @property
    def clean(self) -> bool:
        """True where there is no error and no warning."""
        return all(each.severity == "note" for each in self.complaints)

    @property
    def verdict(self) -> str:
        """One sentence: ``"2 errors, 1 warning, 3 notes"`` or that nothing is wrong."""
        tally = Counter(each.severity for each in self.complaints)
        parts = [_plural(tally[severity], severity) for severity in SEVERITIES if tally[severity]]
        return ", ".join(parts) or "nothing to complain about"

    def of(self, check: str) -> tuple[Complaint, ...]:
        """The complaints of one check."""
        return tuple(each for each in self.complaints if each.check == check)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; no text of any report is among them."""
        return {
            "clean": self.clean,
            "verdict": self.verdict,
            "counts": dict(self.counts),
            "splits": {name or "none": n for name, n in self.splits.items()},
            "checked": dict(self.checked),
            "complaints": [_plain(each) for each in self.complaints],
        }

    def __str__(self) -> str:
        head = ", ".join(f"{n:,} {what}" for what, n in self.counts.items())
        return "\n".join([head, *map(str, self.complaints), self.verdict])


def _plural(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _plain(complaint: Complaint) -> dict[str, Any]:
    names = ("check", "severity", "title", "what", "why", "remedy", "fixable")
    cases = [{"study_id": case.study_id, "detail": case.detail} for case in complaint.cases]
    return {name: getattr(complaint, name) for name in names} | {"cases": cases}


def worst_first(complaints: Sequence[Complaint]) -> tuple[Complaint, ...]:
    """Errors before warnings before notes; else in their order."""
    return tuple(sorted(complaints, key=lambda each: SEVERITIES.index(each.severity)))
