"""What the tables of CheXpert and CheXpert Plus have in common: paths, views and 14 labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.datasets.mimic_labels import CHEXPERT, label_finding
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

# .../train/patient00001/study1/view1_frontal.jpg
_IMAGE = (
    r"(?P<part>train|valid|test)/(?P<patient>patient\d+)/(?P<study>study\d+)/"
    r"(?P<view>view\d+_(?:frontal|lateral))\.\w+$"
)
_PARTS = ("part", "patient", "study", "view")
_FINDINGS = {label: label_finding(label) for label in CHEXPERT}
_VALUES = {"1.0": 1, "1": 1, "0.0": 0, "0": 0, "-1.0": -1, "-1": -1}


class Examinations:
    """The lines of a table by examination: in the table's order, frontal views first in each.

    Args:
        table: one image a line, all as text.
        path: column of the images' paths.
        side: column that says Frontal or Lateral.
        file: of the table, for messages.
        title: of the dataset, for messages.
    """

    def __init__(self, table: pd.DataFrame, path: str, side: str, file: Path, title: str) -> None:
        import pandas as pd

        self.file, self._path, self._title = file, path, title
        parts = table[path].str.extract(_IMAGE)
        key = parts["part"] + "/" + parts["patient"] + "/" + parts["study"]
        # A line whose path has another form is an examination of its own, and its failure alone.
        order = pd.factorize(key.fillna(pd.Series(table.index, table.index).astype(str)))[0]
        place = np.lexsort(((table[side].str.lower() == "lateral").to_numpy(), order))
        starts = np.flatnonzero(np.diff(order[place], prepend=-1)).tolist()
        self._starts = [*starts, len(table)]
        self._place = place
        self.columns = {str(name): column.to_numpy(object)[place] for name, column in table.items()}
        self._parts = {name: parts[name].to_numpy(object)[place] for name in _PARTS}

    def __len__(self) -> int:
        """Number of examinations."""
        return len(self._starts) - 1

    def lines(self, number: int) -> range:
        """The lines of an examination, as places in ``columns``.

        Raises:
            MapleError: if their path does not name patient, study and view.
        """
        span = range(self._starts[number], self._starts[number + 1])
        if not isinstance(self._parts["view"][span[0]], str):
            shown = self.columns[self._path][span[0]]
            problem = (
                f"{self.where(span[0])}: {self._path} {shown!r} is not train/patient.../study.../view..."
            )
            raise MapleError(self.file, problem, f"compare it with the official file of {self._title}")
        return span

    def where(self, line: int) -> str:
        """The line in the file, for messages."""
        return f"line {self._place[line] + 2}"

    def names(self, line: int) -> tuple[str, str, str, str]:
        """Part, patient, study and view: ``("train", "patient00001", "study1", "view1_frontal")``."""
        part, patient, study, view = (self._parts[name][line] for name in _PARTS)
        return part, patient, study, view


def view_of(side: object, direction: object) -> str | None:
    """``LATERAL``, ``PA``, ``AP``, or None where neither column says."""
    if str(side).lower() == "lateral":
        return "LATERAL"
    return direction if isinstance(direction, str) and direction in ("PA", "AP") else None


def read_values(values: Iterable[object], where: str, path: Path) -> dict[str, int]:
    """Finding -> 1, 0 or -1 of the 14 labels, in the order of ``CHEXPERT``; blanks are left out.

    Raises:
        MapleError: if a value is another; the message names file, line and column.
    """
    labels: dict[str, int] = {}
    for label, value in zip(CHEXPERT, values, strict=True):
        if value is None or value != value:
            continue
        if str(value) not in _VALUES:
            problem = f"{where}: column {label!r} holds {value!r}"
            raise MapleError(path, problem, "the official file has 1, 0, -1 or nothing")
        name = _FINDINGS[label]
        if name is not None:
            labels[name] = _VALUES[str(value)]
    return labels


def first_file(root: Path, folder: str, names: Sequence[str], title: str) -> str:
    """The first of some image files that is on the disk, relative to the root.

    Raises:
        MapleError: if none is.
    """
    for name in names:
        path = f"{folder}/{name}".removeprefix("./")
        if (root / path).is_file():
            return path
    raise MapleError(root / folder / names[0], "no such file", f"the download of {title} is incomplete")


def table_values(columns: dict[str, Any], line: int) -> list[object]:
    """The 14 labels of a line, in the order of ``CHEXPERT``."""
    return [columns[label][line] for label in CHEXPERT]
