"""CheXmask tables as their makers write them: runs row by row from 1, landmarks with line breaks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from miniatures.small_files import write_csv

HEADER = (
    "Dice RCA (Mean)",
    "Dice RCA (Max)",
    "Landmarks",
    "Left Lung",
    "Right Lung",
    "Heart",
    "Height",
    "Width",
)


def kaggle(mask: np.ndarray) -> str:
    """Runs counted from 1 along the rows."""
    flat = np.concatenate([[0], mask.ravel().astype(int), [0]])
    edges = np.flatnonzero(np.diff(flat)) + 1
    edges[1::2] -= edges[::2]
    return " ".join(map(str, edges))


def organs(shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """The patient's left lung is on the right of the picture; the heart reaches into it."""
    masks = {name: np.zeros(shape, bool) for name in ("Left Lung", "Right Lung", "Heart")}
    h, w = shape
    masks["Right Lung"][h // 5 : 4 * h // 5, w // 8 : 3 * w // 8] = True
    masks["Left Lung"][h // 5 : 4 * h // 5, 5 * w // 8 : 7 * w // 8] = True
    masks["Heart"][h // 2 : 3 * h // 4, 3 * w // 8 : 6 * w // 8] = True
    return masks


def build(
    path: Path, names: Iterable[str], column: str = "image_id", shape: tuple[int, int] = (32, 40)
) -> Path:
    """Write one table."""
    masks = organs(shape)
    codes = [kaggle(masks[name]) for name in ("Left Lung", "Right Lung", "Heart")]
    lines = [
        (name, 0.7 + number / 100, 0.9, "[[381 223]\n [345 227]]", *codes, *shape)
        for number, name in enumerate(names)
    ]
    write_csv(path, (column, *HEADER), lines)
    return path
