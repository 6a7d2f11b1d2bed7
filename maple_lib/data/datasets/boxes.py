"""Boxes of a table, one a line, gathered by image."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.datasets.label_names import Box
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class BoxLine:
    """One line: its label and its (x, y, width, height), None where the line holds no sound box."""

    label: str
    box: Box | None
    line: int


def group_boxes(
    table: pd.DataFrame, image: str, label: str, columns: Sequence[str], corners: bool = False
) -> dict[str, list[BoxLine]]:
    """Image -> its boxes, in the order of the table; lines without any coordinate are left out.

    Args:
        table: one box a line.
        image: name of the column of images.
        label: name of the column of labels.
        columns: names of the four columns of x, y, width, height.
        corners: the four are x1, y1, x2, y2 instead.
    """
    import pandas as pd

    given = table[table[list(columns)].notna().any(axis=1)]
    values = given[list(columns)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64, copy=True)
    if corners:
        values[:, 2:] -= values[:, :2]
    sound = np.isfinite(values).all(1) & (values[:, 2:] > 0).all(1)
    grouped: dict[str, list[BoxLine]] = {}
    names = zip(given[image].astype(str), given[label].astype(str), strict=True)
    for (name, kind), place, good, number in zip(names, values.tolist(), sound, given.index, strict=True):
        x, y, width, height = place
        line = BoxLine(kind, (x, y, width, height) if good else None, int(number) + 2)
        grouped.setdefault(name, []).append(line)
    return grouped


def sound_boxes(lines: Iterable[BoxLine], path: Path, dataset: str) -> dict[str, list[Box]]:
    """Label -> boxes of one image.

    Args:
        lines: of one image.
        path: of the table, for the message.
        dataset: for the message.

    Raises:
        MapleError: if a line holds no box; the message names file and line.
    """
    boxes: dict[str, list[Box]] = {}
    for line in lines:
        if line.box is None:
            problem = f"line {line.line}: {line.label!r} has no box of four numbers with an area"
            raise MapleError(path, problem, f"compare it with the official file of {dataset}")
        boxes.setdefault(line.label, []).append(line.box)
    return boxes
