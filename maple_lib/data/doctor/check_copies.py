"""One picture in several places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from maple_lib.data.doctor.check_images import is_blank
from maple_lib.data.doctor.diagnosis import Case, Complaint
from maple_lib.data.doctor.exam import Card, Exam, count
from maple_lib.data.doctor.hashing import copies, groups
from maple_lib.data.doctor.looking import prints_of

ACROSS = Card(
    "duplicate-image",
    "error",
    "One picture for several patients or splits",
    "A test image that was trained on is not a test. One picture under two patients has two reports, and one "
    "of them is wrong.",
    "Find out whose picture it is, and drop the other; across splits, keep the copy that is tested on.",
    fixable=True,
)
SAME_PATIENT = Card(
    "duplicate-image",
    "warning",
    "One picture in several studies of a patient",
    "The study of today shows the image of last week: what its report says is not to be seen.",
    "Look at both studies; one of them has lost its own image.",
)
WITHIN = Card(
    "duplicate-image",
    "note",
    "One picture twice in a study",
    "Processed and unprocessed versions of one exposure are common. They are no second view.",
    "Keep the one meant for reading, or leave it: methods look at the first image.",
)


def duplicate_images(exam: Exam) -> Iterator[Complaint]:
    """Pictures that are equal up to compression, size, brightness and contrast."""
    found = copied_groups(exam)
    sorted_out: dict[Card, list[Case]] = {ACROSS: [], SAME_PATIENT: [], WITHIN: []}
    numbers = dict.fromkeys(sorted_out, 0)
    for rows in found:
        card = _kind(exam, rows)
        numbers[card] += 1
        sorted_out[card] += [exam.image_case(i, _where(exam, i, rows), key=str(rows[0])) for i in rows]
    for card, cases in sorted_out.items():
        if cases:
            yield card.complain(f"{count(numbers[card], 'picture')} in {count(len(cases), 'place')}.", cases)


def copied_groups(exam: Exam) -> list[list[int]]:
    """Rows of images that are one picture; blank ones are all alike, and left out."""
    looks = [each if not is_blank(each) else type(each)("unknown") for each in exam.looks]
    rows, hashes, prints = prints_of(looks)
    return [[int(rows[i]) for i in group] for group in groups(copies(hashes, prints))]


def _kind(exam: Exam, rows: Sequence[int]) -> Card:
    studies = exam.corpus.studies.iloc[[exam.corpus.study_of_image[i] for i in rows]]
    if studies["patient_id"].nunique() > 1 or studies["split"].nunique() > 1:
        return ACROSS
    return SAME_PATIENT if studies["study_id"].nunique() > 1 else WITHIN


def _where(exam: Exam, image: int, rows: Sequence[int]) -> str:
    split = exam.corpus.studies["split"].iloc[exam.corpus.study_of_image[image]]
    others = dict.fromkeys(exam.corpus.id_of_image(i) for i in rows if i != image)
    shown = ", ".join(list(others)[:3]) + (" …" if len(others) > 3 else "")
    return f"same picture as in {shown}" + (f"; in {split}" if isinstance(split, str) else "")
