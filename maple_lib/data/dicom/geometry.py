"""What the header says of view, spacing and orientation, and what it warns of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_VIEWS = {"PA": "PA", "AP": "AP", "LL": "LATERAL", "RL": "LATERAL", "LATERAL": "LATERAL", "LAT": "LATERAL"}
_VIEW_WORDS = (("posteroanterior", "PA"), ("anteroposterior", "AP"), ("lateral", "LATERAL"))
# Lying on a side is a position: the beam still goes from front to back.
_NOT_LATERAL = ("decubitus", "bilateral")


def view(dataset: Any) -> str | None:
    """``"PA"``, ``"AP"``, ``"LATERAL"`` or None, from ViewPosition or else the view code's words."""
    position = str(dataset.get("ViewPosition") or "").strip().upper()
    if position in _VIEWS:
        return _VIEWS[position]
    codes = dataset.get("ViewCodeSequence") or ()
    words = [position.lower(), *(str(code.get("CodeMeaning", "")).lower() for code in codes)]
    letters = "".join(filter(str.isalpha, "".join(words)))
    for word in _NOT_LATERAL:
        letters = letters.replace("lateral" + word, "").replace(word, "")
    return next((name for word, name in _VIEW_WORDS if word in letters), None)


def flags(dataset: Any) -> tuple[str, ...]:
    """What to know before use: ``"burnt-in annotation"`` as the file says, ``"lateral view"``."""
    said = str(dataset.get("BurnedInAnnotation") or "").strip().upper()
    warned = (("burnt-in annotation", said == "YES"), ("lateral view", view(dataset) == "LATERAL"))
    return tuple(name for name, holds in warned if holds)


def spacing(dataset: Any) -> tuple[float, float] | None:
    """(row, column) mm between pixels: PixelSpacing, else ImagerPixelSpacing (at the detector), else None."""
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        values = dataset.get(name)
        if values is None or isinstance(values, (str, int, float)) or len(values) != 2:
            continue
        row, column = float(values[0]), float(values[1])
        if np.isfinite([row, column]).all() and min(row, column) > 0:
            return row, column
    return None


def upright(
    pixels: NDArray[np.float32], dataset: Any, mm: tuple[float, float] | None
) -> tuple[NDArray[np.float32], tuple[float, float] | None]:
    r"""Turn a frontal radiograph so that its columns run to the patient's left and its rows to the feet.

    PatientOrientation names where columns and rows point ("L\F" is upright). Lateral views and files that
    do not say are left as they are. Spacing is swapped where rows become columns.
    """
    letters = [str(v).strip().upper()[:1] for v in dataset.get("PatientOrientation") or ()]
    if len(letters) != 2 or {letters[0] in "LR", letters[1] in "LR"} != {True, False}:
        return pixels, mm
    if letters[0] in ("H", "F"):
        pixels, letters, mm = pixels.T, letters[::-1], mm and (mm[1], mm[0])
    if letters[1] not in ("H", "F"):
        return pixels, mm
    rows = slice(None, None, -1) if letters[1] == "H" else slice(None)
    columns = slice(None, None, -1) if letters[0] == "R" else slice(None)
    return np.ascontiguousarray(pixels[rows, columns]), mm
