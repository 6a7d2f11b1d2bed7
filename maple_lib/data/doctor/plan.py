"""What can be mended without asking anybody: decided for the whole corpus before a row is written."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from maple_lib.data.doctor.diagnosis import Case, Diagnosis
from maple_lib.data.doctor.exam import Exam

# Ties, and copies in several splits, go to what a model is scored on: it is what must stay as it was.
PROTECTED = ("test", "validate", "train")
_USELESS = ("missing-image", "unreadable-image", "blank-image")


@dataclass(frozen=True)
class Plan:
    """Row numbers of the corpus, and why.

    Attributes:
        studies: rows of studies to leave out -> check.
        images: rows of images to leave out -> check.
        splits: row of a study -> the split it moves to.
        sizes: row of an image without boxes -> its true (rows, columns).
        frontal: row of a study that begins with a lateral -> row of its first frontal image.
    """

    studies: dict[int, str] = field(default_factory=dict)
    images: dict[int, str] = field(default_factory=dict)
    splits: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    frontal: dict[int, int] = field(default_factory=dict)


def make_plan(diagnosis: Diagnosis, exam: Exam) -> Plan:
    """Decide on drops and moves; boxes are looked at one by one while they are written."""
    splits = _moves(diagnosis, exam)
    return Plan(
        studies=_studies(diagnosis, exam),
        images=_images(diagnosis, exam, splits),
        splits=splits,
        sizes=_sizes(diagnosis, exam),
        frontal={
            case.study: int(case.key)
            for case in _cases(diagnosis, "wrong-view")
            if case.study is not None and case.key
        },
    )


def _cases(diagnosis: Diagnosis, check: str, severity: str | None = None) -> Iterator[Case]:
    for complaint in diagnosis.of(check):
        if severity in (None, complaint.severity):
            yield from complaint.cases


def _moves(diagnosis: Diagnosis, exam: Exam) -> dict[int, str]:
    """Every study of a torn patient to the split that holds most of them."""
    torn: dict[str, list[tuple[int, str]]] = defaultdict(list)
    studies = exam.corpus.studies
    for case in _cases(diagnosis, "patient-across-splits"):
        assert case.study is not None
        row = studies.iloc[case.study]
        torn[str(row["patient_id"])].append((case.study, str(row["split"])))
    moves = {}
    for members in torn.values():
        tally = Counter(split for _, split in members)
        home = min(tally, key=lambda split: (-tally[split], _rank(split)))
        moves.update({study: home for study, split in members if split != home})
    return moves


def _rank(split: str | None) -> int:
    return PROTECTED.index(split) if split in PROTECTED else len(PROTECTED)


def _studies(diagnosis: Diagnosis, exam: Exam) -> dict[int, str]:
    """Repeated ids, and studies that have neither a report nor a label nor a phrase."""
    repeated = [case.study for case in _cases(diagnosis, "duplicate-id") if case.key == "study"]
    boxes = exam.corpus.boxes
    useful = set(exam.corpus.labels["study"]) | set(boxes["study"][boxes["kind"] == "phrase"])
    silent = [case.study for case in _cases(diagnosis, "empty-report") if case.study not in useful]
    return {row: "empty-report" for row in silent if row is not None} | {
        row: "duplicate-id" for row in repeated if row is not None
    }


def _images(diagnosis: Diagnosis, exam: Exam, moved: dict[int, str]) -> dict[int, str]:
    useless = {
        case.image: check for check in _USELESS for case in _cases(diagnosis, check) if case.image is not None
    }
    repeated = {
        case.image: "duplicate-id"
        for case in _cases(diagnosis, "duplicate-id")
        if case.key == "image" and case.image is not None
    }
    return _copies(diagnosis, exam, moved) | repeated | useless


def _copies(diagnosis: Diagnosis, exam: Exam, moved: dict[int, str]) -> dict[int, str]:
    """Copies of a picture in a less protected split; between patients of one split nobody can choose."""
    together: dict[str, list[int]] = defaultdict(list)
    for case in _cases(diagnosis, "duplicate-image", "error"):
        if case.image is not None:
            together[case.key].append(case.image)
    dropped = {}
    for images in together.values():
        ranks = {image: _rank(_split(exam, exam.corpus.study_of_image[image], moved)) for image in images}
        best = min(ranks.values())
        dropped.update({image: "duplicate-image" for image, rank in ranks.items() if rank > best})
    return dropped


def _split(exam: Exam, study: int, moved: dict[int, str]) -> str | None:
    split = moved.get(study, exam.corpus.studies["split"].iloc[study])
    return split if isinstance(split, str) else None


def _sizes(diagnosis: Diagnosis, exam: Exam) -> dict[int, tuple[int, int]]:
    """Only where no box was drawn: else nobody knows on which size."""
    drawn = set(exam.corpus.boxes["image"]) | set(exam.corpus.masks["image"])
    return {
        case.image: exam.looks[case.image].shape
        for case in _cases(diagnosis, "size-mismatch")
        if case.image is not None and case.image not in drawn
    }
