"""What a check is given, and what it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from maple_lib.data.doctor.corpus import Corpus
from maple_lib.data.doctor.diagnosis import Case, Complaint, Severity
from maple_lib.data.doctor.looking import Look
from maple_lib.data.doctor.statements import Statements


@dataclass(frozen=True)
class Exam:
    """The corpus with all that was read of it: a look at every image, the statements of every report."""

    corpus: Corpus
    looks: Sequence[Look]
    statements: Statements

    @cached_property
    def shapes(self) -> list[tuple[int, int] | None]:
        """(H, W) of every image: as it was read, else as declared, else as its masks have it, else None."""
        declared = zip(self.corpus.images["rows"], self.corpus.images["columns"], strict=True)
        return [
            seen.shape if seen.state == "read" else _size(*size) or self.corpus.given_masks.get(i)
            for i, (seen, size) in enumerate(zip(self.looks, declared, strict=True))
        ]

    def image_case(self, image: int, detail: str = "", **more: object) -> Case:
        """A case that is about one image."""
        study = self.corpus.study_of_image[image]
        return Case(self.corpus.study_ids[study], detail, study, image, **more)  # type: ignore[arg-type]

    def study_case(self, study: int, detail: str = "", **more: object) -> Case:
        """A case that is about a study; its first image is shown."""
        image = self.corpus.first_image.get(study)
        return Case(self.corpus.study_ids[study], detail, study, image, **more)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Card:
    """What is always said of one kind of complaint."""

    check: str
    severity: Severity
    title: str
    why: str
    remedy: str
    fixable: bool = False

    def complain(self, what: str, cases: Iterable[Case] = ()) -> Complaint:
        """The complaint, with its numbers and cases."""
        return Complaint(
            self.check, self.severity, self.title, what, self.why, self.remedy, tuple(cases), self.fixable
        )


Check = Callable[[Exam], Iterator[Complaint]]


def count(number: int, one: str, many: str = "") -> str:
    """``"1 study"``, ``"1,200 studies"``."""
    return f"1 {one}" if number == 1 else f"{number:,} {many or one + 's'}"


def share(number: int, total: int, many: str) -> str:
    """``"3 of 1,200 studies"``."""
    return f"{number:,} of {total:,} {many}"


def _size(rows: object, columns: object) -> tuple[int, int] | None:
    """A declared size; missing numbers come as None or NaN."""
    numbers = [value for value in (rows, columns) if isinstance(value, (int, float)) and value == value]
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 and min(numbers) > 0 else None
