"""Files that are not there, cannot be read, show nothing, or show it the wrong way round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from maple_lib.data.doctor.diagnosis import Case, Complaint
from maple_lib.data.doctor.exam import Card, Exam, share
from maple_lib.data.doctor.looking import Look
from maple_lib.errors import MapleError

MISSING = Card(
    "missing-image",
    "error",
    "Images that are not there",
    "Training stops at the first of them, after an hour or after a night.",
    "Check the root, and whether the download is complete; else leave the images out.",
    fixable=True,
)
UNREADABLE = Card(
    "unreadable-image",
    "error",
    "Images that cannot be read",
    "Half a download and a damaged file look like any other until they are opened.",
    "Download or export these files again; else leave them out.",
    fixable=True,
)
UNUSABLE = Card(
    "unusable-study",
    "error",
    "Studies that could not be loaded",
    "They are silently missing from training and from every score.",
    "Each says what it lacks: a file of the download, a row of a table, a name of its own.",
)
BLANK = Card(
    "blank-image",
    "error",
    "Images that show nothing",
    "A constant picture teaches that any report fits it. It is usually a failed export or an empty series.",
    "Export them again; else leave them out.",
    fixable=True,
)
TINY = Card(
    "tiny-image",
    "warning",
    "Very small images",
    "A thumbnail has lost the small findings that its report speaks of.",
    "Look for the full image; a preview may have been exported in its place.",
)
POLARITY = Card(
    "polarity",
    "warning",
    "Images that look inverted",
    "In an inverted image air is bright and bone is dark. A model learns both, or neither; a score on such "
    "images says nothing. A PNG cannot say which way round it is, and a DICOM may say it wrongly.",
    "Look at them. Where they are inverted, write them anew as 1 - pixels, or mend the header's photometric "
    "interpretation.",
)
_FLAT = 0.02  # range of the middle 98 % of the pixels
_SMALLEST = 64
INVERTED = -0.3  # nearer to 0 the score may be a lateral view or another body part


def unusable_images(exam: Exam) -> Iterator[Complaint]:
    """Missing and unreadable files, and studies that could not be loaded at all."""
    lost: dict[str, list[Case]] = {"missing": [], "unreadable": [], "unusable": []}
    for error in exam.corpus.failures:
        lost[_fate(error)].append(_failed(error))
    total = len(exam.looks) + len(exam.corpus.failures)
    for card, state, said in (
        (MISSING, "missing", "Not where the corpus says"),
        (UNREADABLE, "unreadable", "Not readable"),
    ):
        cases = [exam.image_case(i, each.problem) for i, each in enumerate(exam.looks) if each.state == state]
        cases += lost[state]
        if cases:
            yield card.complain(f"{said}: {share(len(cases), total, 'images')}.", cases)
    if lost["unusable"]:
        number = share(len(lost["unusable"]), total, "studies")
        yield UNUSABLE.complain(f"Left out when the corpus was loaded: {number}.", lost["unusable"])


def _fate(error: MapleError) -> str:
    """What became of a study that could not be loaded: most often it is its image's file."""
    if error.problem == "no such file":
        return "missing"
    return "unreadable" if Path(error.subject).is_file() else "unusable"


def _failed(error: MapleError) -> Case:
    """A study that never became one: its file's own name stands for it."""
    return Case(Path(error.subject).name, error.problem)


def empty_images(exam: Exam) -> Iterator[Complaint]:
    """Constant pictures and thumbnails."""
    blank = _where(exam, is_blank)
    tiny = _where(exam, lambda each: min(each.shape) < _SMALLEST and not is_blank(each))
    if blank:
        cases = (exam.image_case(i, "one shade") for i in blank)
        yield BLANK.complain(f"Of one shade: {share(len(blank), len(exam.looks), 'images')}.", cases)
    if tiny:
        sized = (exam.image_case(i, _size(exam.looks[i])) for i in tiny)
        number = share(len(tiny), len(exam.looks), "images")
        yield TINY.complain(f"A side below {_SMALLEST} pixels: {number}.", sized)


def inverted_images(exam: Exam) -> Iterator[Complaint]:
    """Frontal images whose lungs are brighter than what lies between them."""
    views = list(exam.corpus.images["view"])
    suspects = [
        i
        for i in _where(exam, lambda each: each.polarity < INVERTED and not is_blank(each))
        if "LATERAL" not in (views[i], exam.looks[i].view)
    ]
    if suspects:
        scored = (exam.image_case(i, f"score {exam.looks[i].polarity:+.2f}") for i in suspects)
        yield POLARITY.complain(
            f"Lungs brighter than what lies between them: {share(len(suspects), len(exam.looks), 'images')}.",
            scored,
        )


def is_blank(seen: Look) -> bool:
    """Whether an image that was read shows next to nothing."""
    return seen.state == "read" and seen.spread < _FLAT


def _where(exam: Exam, wrong: Callable[[Look], bool]) -> list[int]:
    return [i for i, each in enumerate(exam.looks) if each.state == "read" and wrong(each)]


def _size(seen: Look) -> str:
    return f"{seen.shape[0]} x {seen.shape[1]} pixels"
