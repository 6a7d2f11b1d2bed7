"""Studies that could be loaded, and the reasons for those that could not."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import overload

from maple_lib.data.study import Study
from maple_lib.errors import MapleError


class StudyList(Sequence[Study]):
    """An immutable list of studies that remembers what was left out, and why.

    Attributes:
        failures: one error for each file or study that was skipped.
    """

    def __init__(self, studies: Iterable[Study], failures: Iterable[MapleError] = ()) -> None:
        self._studies, self.failures = tuple(studies), tuple(failures)

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> StudyList: ...
    def __getitem__(self, index: int | slice) -> Study | StudyList:
        """One study, or a StudyList of several."""
        picked = self._studies[index]
        return picked if isinstance(picked, Study) else StudyList(picked, self.failures)

    def __len__(self) -> int:
        return len(self._studies)

    def __repr__(self) -> str:
        return f"StudyList({len(self)} studies, {len(self.failures)} skipped)"

    def readable(self) -> StudyList:
        """Read every image now and keep the studies whose image can be read; the rest join ``failures``."""
        good, bad = [], []
        for study in self:
            try:
                _ = study.image
            except MapleError as error:
                bad.append(error)
            else:
                good.append(study)
        return StudyList(good, (*self.failures, *bad)).warn()

    def warn(self) -> StudyList:
        """Warn once about what was skipped, with the first reasons, and return the list itself."""
        if self.failures:
            first = "; ".join(str(error) for error in self.failures[:3])
            more = f"; and {len(self.failures) - 3} more, in .failures" if len(self.failures) > 3 else ""
            total = len(self) + len(self.failures)
            warnings.warn(f"{len(self.failures)} of {total} skipped: {first}{more}", stacklevel=3)
        return self
