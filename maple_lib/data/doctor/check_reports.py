"""Reports that say nothing, and reports that were said before."""

from __future__ import annotations

from collections.abc import Iterator

from maple_lib.data.doctor.diagnosis import Case, Complaint
from maple_lib.data.doctor.exam import Card, Exam, count, share

EMPTY = Card(
    "empty-report",
    "warning",
    "Reports with nothing to learn from",
    "An empty text becomes an empty or NaN string somewhere downstream: training crashes, or every empty "
    "report is taught to match every other.",
    "Look for the text in another file or section; else leave these studies out of training on text.",
    fixable=True,
)
NONE_AT_ALL = Card(
    "empty-report",
    "note",
    "No reports in this corpus",
    "Methods that learn from text have nothing to read here; probes and zero-shot scores do not need it.",
    "Add reports, or use the corpus for images and labels only.",
)
TEMPLATES = Card(
    "duplicate-report",
    "note",
    "Reports that share their text",
    "A normal report is often a template. In a contrastive loss such twins are wrong negatives, and in "
    "retrieval each of them is as right as the other.",
    "Nothing to mend. Use soft targets for equal texts, and count equal texts as right when you score "
    "retrieval.",
)
COPIED = Card(
    "duplicate-report",
    "warning",
    "Long, specific reports shared by several patients",
    "A long text with several positive findings is seldom dictated twice word for word: rows were joined "
    "wrongly, or a report was attached to another patient's image.",
    "Compare the images with the text; check the key by which reports and images were joined.",
)
_LONG, _SPECIFIC = 40, 3  # words; statements of something that is there


def empty_reports(exam: Exam) -> Iterator[Complaint]:
    """Texts that are blank, or have only an indication, a history, a comparison."""
    reports = list(exam.corpus.studies["report"])
    blank = [i for i, text in enumerate(reports) if not text.strip()]
    if reports and len(blank) == len(reports):
        yield NONE_AT_ALL.complain(f"With a report: {share(0, len(reports), 'studies')}.")
        return
    silent = [i for i, text in enumerate(reports) if text.strip() and not exam.statements.speaks[i]]
    if not blank and not silent:
        return
    cases = [exam.study_case(i, "empty") for i in blank]
    cases += [exam.study_case(i, "no findings and no impression") for i in silent]
    said = (
        f"Of {len(reports):,} reports {len(blank):,} empty, {len(silent):,} without findings or impression."
    )
    yield EMPTY.complain(said, cases)


def duplicate_reports(exam: Exam) -> Iterator[Complaint]:
    """Texts that are equal but for white space and case."""
    studies = exam.corpus.studies
    text = studies["report"].str.split().str.join(" ").str.lower()
    again = text[text.ne("") & text.duplicated(keep=False)]
    if again.empty:
        return
    positive = _positive_statements(exam)
    templates, copied = list[list[int]](), list[list[int]]()
    for words, rows in again.groupby(again, sort=False).groups.items():
        members = [int(row) for row in rows]
        strange = _is_specific(str(words), positive.get(members[0], 0)) and _patients(exam, members) > 1
        (copied if strange else templates).append(members)
    if copied:
        yield COPIED.complain(
            f"{count(len(copied), 'text')} with {_LONG} words or more and {_SPECIFIC} positive findings or "
            "more, each under several patients.",
            (case for members in copied for case in _copies(exam, members)),
        )
    if templates:
        shared = sum(len(members) for members in templates)
        yield TEMPLATES.complain(
            f"{share(shared, len(text), 'reports')}, in {count(len(templates), 'text')}; the most "
            f"frequent one occurs {count(max(len(members) for members in templates), 'time')}."
        )


def _positive_statements(exam: Exam) -> dict[int, int]:
    rows = exam.statements.rows
    there = rows[rows["existence"] != "absent"]
    return {int(i): int(n) for i, n in there.groupby("study")["finding"].nunique().items()}  # type: ignore[call-overload]


def _is_specific(words: str, positive: int) -> bool:
    return words.count(" ") + 1 >= _LONG and positive >= _SPECIFIC


def _patients(exam: Exam, members: list[int]) -> int:
    return int(exam.corpus.studies["patient_id"].iloc[members].nunique())


def _copies(exam: Exam, members: list[int]) -> list[Case]:
    first = exam.corpus.study_ids[members[0]]
    return [
        exam.study_case(i, f"the same text as {first}" if i != members[0] else "first of its text")
        for i in members
    ]
