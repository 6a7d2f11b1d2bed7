"""What the corpus declares of its images, against the files: views and sizes."""

from __future__ import annotations

from collections.abc import Iterator

from maple_lib.data.doctor.diagnosis import Case, Complaint
from maple_lib.data.doctor.exam import Card, Exam, share

VIEW = Card(
    "wrong-view",
    "warning",
    "Studies whose first image is not a frontal view",
    "Methods look at the first image. In a lateral view the two lungs lie on each other: no region is where "
    "its name says, and left and right mean nothing.",
    "Put a frontal view first where there is one; else leave the study out of what needs anatomy.",
    fixable=True,
)
DISAGREE = Card(
    "wrong-view",
    "warning",
    "Views that the files contradict",
    "One of two says lateral, the other frontal: the table was joined wrongly, or the header is wrong.",
    "Look at the image, and correct the table.",
)
SIZE = Card(
    "size-mismatch",
    "warning",
    "Sizes that the files contradict",
    "Boxes are given in pixels of the declared size. On an image of another size they lie beside what they "
    "mean.",
    "Find out which image the boxes were drawn on: the original or a resized or turned copy.",
    fixable=True,
)
_FRONTAL = ("PA", "AP")


def wrong_views(exam: Exam) -> Iterator[Complaint]:
    """Laterals in the first place, and disagreement of table and file; pixels are not guessed from."""
    # A table holds NaN where nobody said a view.
    said = {i: view if isinstance(view, str) else None for i, view in enumerate(exam.corpus.images["view"])}
    seen = {i: each.view for i, each in enumerate(exam.looks)}
    frontal: dict[int, int] = {}
    for i, study in enumerate(exam.corpus.study_of_image):
        if _kind(said[i] or seen[i]):
            frontal.setdefault(study, i)
    lateral = [(s, i) for s, i in exam.corpus.first_image.items() if (said[i] or seen[i]) == "LATERAL"]
    if lateral:
        yield VIEW.complain(
            f"A lateral in the first place: {share(len(lateral), len(exam.corpus.study_ids), 'studies')}.",
            (exam.image_case(i, **_other(frontal.get(s))) for s, i in lateral),
        )
    apart = [i for i in said if said[i] and seen[i] and _kind(said[i]) != _kind(seen[i])]
    if apart:
        cases = (exam.image_case(i, f"declared {said[i]}, the file says {seen[i]}") for i in apart)
        yield DISAGREE.complain(f"Contradictory: {share(len(apart), len(said), 'images')}.", cases)


def _kind(view: str | None) -> bool:
    """PA and AP are one kind: many files say one for the other."""
    return view in _FRONTAL


def _other(frontal: int | None) -> dict[str, str]:
    """What is told of a lateral, and the row of the frontal image that should be in its place."""
    if frontal is None:
        return {"detail": "there is no frontal view"}
    return {"detail": "a frontal view follows", "key": str(frontal)}


def wrong_sizes(exam: Exam) -> Iterator[Complaint]:
    """Rows and columns that differ from the file's."""
    images = exam.corpus.images
    cases: list[Case] = []
    for i, (rows, columns) in enumerate(zip(images["rows"], images["columns"], strict=True)):
        seen = exam.looks[i]
        known = rows == rows and columns == columns and rows is not None and columns is not None
        if known and seen.state == "read" and (int(rows), int(columns)) != seen.shape:
            told = f"declared {int(rows)} x {int(columns)}, the file has {seen.shape[0]} x {seen.shape[1]}"
            cases.append(exam.image_case(i, told))
    if cases:
        yield SIZE.complain(f"Of another size: {share(len(cases), len(images), 'images')}.", cases)
