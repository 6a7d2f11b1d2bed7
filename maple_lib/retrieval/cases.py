"""The words of the cases: what each report states, where, and in which sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from maple_lib.data.statements import stated_sentences
from maple_lib.data.study import Study
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

Where = Mapping[str, bool] | Callable[["pd.DataFrame"], Any]

CASE_COLUMNS = ("study_id", "patient_id", "report", "findings")
STATEMENT_COLUMNS = ("case", "region", "finding", "existence", "sentence")


def statements(study: Study) -> list[dict[str, Any]]:
    """One row per statement of a study: region (or None), finding, existence, sentence (on one line)."""
    return [
        {"region": t.region, "finding": t.finding, "existence": t.existence, "sentence": sentence}
        for t, sentence in zip(study.triplets, stated_sentences(study), strict=True)
    ]


def case_row(study: Study, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The row of a study in the case table; ``findings`` are those present anywhere."""
    present = dict.fromkeys(row["finding"] for row in rows if row["existence"] == "present")
    return dict(
        zip(CASE_COLUMNS, (study.study_id, study.patient_id, study.report, list(present)), strict=True)
    )


def cases_with(cases: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """Finding -> the rows of the case table whose report states it present."""
    present = cases["findings"].explode().dropna()
    return {str(finding): rows.index.to_numpy() for finding, rows in present.groupby(present)}


def chosen_cases(
    cases: pd.DataFrame, having: Mapping[str, NDArray[np.int64]], where: Where | None
) -> NDArray[np.bool_]:
    """(N,) bool, which cases a filter lets pass.

    Args:
        cases: the case table.
        having: what ``cases_with`` gives of it.
        where: finding -> True (present in the report) or False (not), or a function from the case
            table to one bool per case; None for all.

    Raises:
        MapleError: if a finding is unknown or the function gives something else.
    """
    import numpy as np

    if where is None:
        return np.ones(len(cases), bool)
    if callable(where):
        mask = np.asarray(where(cases))
        if mask.shape != (len(cases),) or mask.dtype != np.bool_:
            raise MapleError(
                f"where gave {mask.dtype} of shape {mask.shape}",
                f"expected {len(cases)} bools",
                "return a comparison, such as lambda cases: cases.report.str.len() > 100",
            )
        return mask
    mask = np.ones(len(cases), bool)
    for finding, wanted in where.items():
        _check_finding(finding)
        has = np.zeros(len(cases), bool)
        has[having.get(finding, [])] = True
        mask &= has == bool(wanted)
    return mask


def _check_finding(finding: str) -> None:
    from maple_lib.vocabulary import FINDINGS

    if finding not in FINDINGS:
        raise MapleError(
            f"where: {finding!r}", "not a finding of the vocabulary", "see maple_lib.vocabulary.FINDINGS"
        )
