"""One kind of error for every input that cannot be used."""

from __future__ import annotations


class MapleError(ValueError):
    """An input cannot be used; the message names it, says what is wrong, and how to go on.

    Args:
        subject: what was given: a file, an argument with its value, a study id.
        problem: what is wrong with it, in plain words.
        remedy: what the reader can do now.

    Example:
        >>> str(MapleError("scan.dcm", "not a DICOM file", "give a .dcm, .png or .jpg image"))
        'scan.dcm: not a DICOM file — give a .dcm, .png or .jpg image'
    """

    def __init__(self, subject: object, problem: str, remedy: str) -> None:
        self.subject, self.problem, self.remedy = str(subject), problem, remedy
        super().__init__(f"{subject}: {problem} — {remedy}")

    def __reduce__(self) -> tuple[type[MapleError], tuple[str, str, str]]:
        """Keep the three parts when the error crosses a process boundary."""
        return type(self), (self.subject, self.problem, self.remedy)
