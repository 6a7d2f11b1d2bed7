"""Rows of the tidy table: one for each thing asked, condition and metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[np.floating]
COLUMNS = ("condition", "metric", "study_id", "finding", "region", "phrase", "value", "unperturbed", "chance")


def facts(
    owners: Sequence[Study], findings: Sequence[str], regions: Sequence[str | None], phrases: Sequence[str]
) -> pd.DataFrame:
    """What the rows of one batch are about, a row each."""
    import pandas as pd

    named = pd.Series(list(regions), dtype="object")
    columns = {"study_id": [s.study_id for s in owners], "finding": findings, "region": named}
    return pd.DataFrame(columns | {"phrase": phrases})


def rows(
    about: pd.DataFrame,
    condition: str,
    metric: str,
    value: Values,
    unperturbed: Values | float = np.nan,
    chance: Values | float = np.nan,
) -> pd.DataFrame:
    """Rows of one metric under one condition, with what it is without, and by chance."""
    return about.assign(
        condition=condition, metric=metric, value=value, unperturbed=unperturbed, chance=chance
    )[list(COLUMNS)]
