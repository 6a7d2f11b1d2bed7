"""The values of interest: a VOI LUT, the first window, or the whole range that the image holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.tables import table_of

Values = NDArray[np.float64]
Curve = Callable[[Values], Values]


def voi(dataset: Any, held: Callable[[], tuple[float, float]], path: Path) -> Curve:
    """Choose the curve from modality values to brightness.

    Args:
        dataset: the header.
        held: finds the smallest and largest modality value of the image, padding left aside.
        path: named in errors.

    Returns:
        A function of (N,) modality values to (N,) brightness in [0, 1] (a straight line may leave it).
    """
    sequence = dataset.get("VOILUTSequence")
    if sequence:
        table = table_of(sequence[0], held()[0] < 0, path)
        return lambda values: table(values) / (2**table.bits - 1)
    window = first_window(dataset)
    if window is None:
        low, high = held()
        return lambda values: (values - low) / max(high - low, 1e-12)
    function = str(dataset.get("VOILUTFunction") or "LINEAR").strip().upper()
    return _windowed(*window, function)


def first_window(dataset: Any) -> tuple[float, float] | None:
    """(centre, width) of the first window, or None where there is none that can be used."""
    pair = []
    for name in ("WindowCenter", "WindowWidth"):
        value = dataset.get(name)
        first = value[0] if isinstance(value, Sequence) and value else value
        if not isinstance(first, (int, float)):
            return None
        pair.append(float(first))
    usable = np.isfinite(pair).all() and pair[1] > 0
    return (pair[0], pair[1]) if usable else None


def _windowed(centre: float, width: float, function: str) -> Curve:
    """The three window functions of PS3.3 C.11.2.1.2 and C.11.2.1.3, scaled to [0, 1]."""
    if function == "SIGMOID":
        return lambda values: 1.0 / (1.0 + np.exp(np.clip(-4.0 * (values - centre) / width, -700, 700)))
    if function == "LINEAR_EXACT":
        return lambda values: (values - centre) / width + 0.5
    if width <= 1:  # LINEAR of width 1 is a step
        return lambda values: (values > centre - 0.5).astype(np.float64)
    return lambda values: (values - (centre - 0.5)) / (width - 1.0) + 0.5
