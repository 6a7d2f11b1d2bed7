"""The views of MIMIC-CXR's images, from the DICOM fields that its metadata table repeats.

``ViewPosition`` of the official table holds AP, PA, LATERAL, LL, nothing (4 %), and a few each of AP AXIAL,
AP LLD, AP RLD, PA LLD, PA RLD, LAO, RAO, LPO, SWIMMERS and XTABLE LATERAL. Where it is blank,
``ViewCodeSequence_CodeMeaning`` may still say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# ViewPosition -> (view of data.rows.VIEWS, rank): plain frontal views first, lateral ones last.
_UNKNOWN = (None, 3)
_POSITIONS: dict[str, tuple[str | None, int]] = {
    "PA": ("PA", 0),
    "AP": ("AP", 1),
    "PA LLD": ("PA", 2),
    "PA RLD": ("PA", 2),
    "AP AXIAL": ("AP", 2),
    "AP LLD": ("AP", 2),
    "AP RLD": ("AP", 2),
    "LATERAL": ("LATERAL", 4),
    "LL": ("LATERAL", 4),
    "XTABLE LATERAL": ("LATERAL", 4),
}
_MEANINGS = {
    "postero-anterior": "PA",
    "antero-posterior": "AP",
    "lateral": "LATERAL",
    "left lateral": "LL",
}
LAST_FRONTAL = 2


def views_of(position: pd.Series[str], meaning: pd.Series[str]) -> tuple[list[str | None], list[int]]:
    """The view and the rank of each image.

    Args:
        position: ``ViewPosition``, n values, missing where the file has none.
        meaning: ``ViewCodeSequence_CodeMeaning``, n values.

    Returns:
        n views of ``VIEWS`` or None, and n ranks: the image of the lowest rank comes first; ranks up to
        ``LAST_FRONTAL`` are frontal.
    """
    said = position.fillna("").str.strip()
    meant = meaning.fillna("").str.strip().str.lower().map(_MEANINGS)
    chosen = said.where(said != "", meant.fillna(""))
    pairs = [_POSITIONS.get(name, _UNKNOWN) for name in chosen]
    return [view for view, _ in pairs], [rank for _, rank in pairs]
