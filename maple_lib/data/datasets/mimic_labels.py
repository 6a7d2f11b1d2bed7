"""The 14 labels of CheXpert's labeller, as MIMIC-CXR-JPG gives them, in this project's words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.datasets.mimic_tables import JPG_TITLE
from maple_lib.data.datasets.tables import find_file, read_table
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS, finding

if TYPE_CHECKING:
    import pandas as pd

CHEXPERT = (
    "Atelectasis",
    "Cardiomegaly",
    "Consolidation",
    "Edema",
    "Enlarged Cardiomediastinum",
    "Fracture",
    "Lung Lesion",
    "Lung Opacity",
    "No Finding",
    "Pleural Effusion",
    "Pleural Other",
    "Pneumonia",
    "Pneumothorax",
    "Support Devices",
)
# Labels for which the vocabulary knows several findings: the most general of them.
_GENERAL = {"Lung Opacity": "opacity", "Lung Lesion": "lesion", "Support Devices": "device"}
LABELLERS = ("chexpert", "negbio")
UNSAID = 2  # a blank: the report does not mention it


def label_finding(label: str) -> str | None:
    """The finding of a CheXpert label; None for "No Finding", which names none.

    Example:
        >>> label_finding("Lung Opacity"), label_finding("Pleural Other")
        ('opacity', 'pleural thickening')
    """
    if label in _GENERAL:
        return _GENERAL[label]
    return next((name for name in FINDINGS if finding(name).chexpert == label), None)


def read_labels(
    root: Path, labeller: str, study_ids: pd.Series[str]
) -> tuple[tuple[str, ...], NDArray[np.int8]]:
    """The labels of some studies.

    Args:
        root: folder with the table.
        labeller: one of ``LABELLERS``, whose table is read; ``"none"`` reads nothing.
        study_ids: n studies; those that the table does not have get no label.

    Returns:
        K findings, and (n, K) values: 1 present, 0 absent, -1 uncertain, ``UNSAID``.

    Raises:
        MapleError: if the labeller is unknown, or its table is missing, damaged or holds other values.
    """
    if labeller == "none":
        return (), np.zeros((len(study_ids), 0), np.int8)
    if labeller not in LABELLERS:
        raise MapleError(f"labels={labeller!r}", "unknown", f"use one of: {', '.join(LABELLERS)}, none")
    path = find_file(root, (f"mimic-cxr-2.0.0-{labeller}.csv",), JPG_TITLE)
    table = read_table(
        path, ("subject_id", "study_id", *CHEXPERT), JPG_TITLE, text=("subject_id", "study_id")
    )
    said = {label: name for label in CHEXPERT if (name := label_finding(label))}
    table = table.drop_duplicates("study_id").set_index("study_id")[list(said)].reindex(study_ids)
    return tuple(said.values()), _whole(table, path)


def _whole(table: pd.DataFrame, path: Path) -> NDArray[np.int8]:
    import pandas as pd

    values = table.apply(pd.to_numeric, errors="coerce").fillna(UNSAID).to_numpy()
    blank = table.isna().to_numpy()
    wrong = np.argwhere(~np.isin(values, (-1, 0, 1)) & ~blank)
    if len(wrong):
        row, column = wrong[0]
        raise MapleError(
            path,
            f"column {table.columns[column]!r} holds {table.iat[row, column]!r}",
            "the official file has 1.0, 0.0, -1.0 or nothing: download it again",
        )
    return values.astype(np.int8)
