"""What was odd about the scored data: counted and told, never dropped unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from maple_lib.data.study import Study
    from maple_lib.errors import MapleError

COLUMNS = ("study_id", "phrase", "problem", "detail")


class Problems:
    """A growing list of problems, one line for each study or phrase that has one."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str, str], None] = {}

    def add(self, study_id: str, problem: str, phrase: str = "", detail: str = "") -> None:
        """Note a problem; the same line is kept once."""
        self._rows[study_id, phrase, problem, detail] = None

    def skipped(self, failures: Sequence[MapleError]) -> None:
        """Note the studies that their source could not give, such as those whose image is not there."""
        for error in failures:
            self.add("", "study left out by its reader", detail=str(error))

    def unreadable(self, study: Study, error: MapleError) -> None:
        """Note a study whose image could not be read, and which was therefore left out."""
        self.add(study.study_id, "image cannot be read: left out", detail=str(error))

    def table(self) -> pd.DataFrame:
        """One row a problem: study_id, phrase, problem, detail; empty where there was none."""
        return problem_table(list(self._rows))


def problem_table(rows: Sequence[Sequence[str]] = ()) -> pd.DataFrame:
    """The table of problems, empty by default."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(COLUMNS), dtype="object")


def list_studies(studies: Sequence[Study], problems: Problems) -> list[Study]:
    """All studies that their source can give; what it left out is noted.

    A walk over a source skips what cannot be used, so its studies may not be counted by their places in it.
    """
    usable = list(studies)
    failures: Any = getattr(studies, "failures", ())
    problems.skipped(failures)
    return usable
