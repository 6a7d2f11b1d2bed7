"""Check a studies table: types, ranges, known names, unique ids, patients in one split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maple_lib.data.table.checks import check_piece
from maple_lib.data.table.schema import read_info
from maple_lib.data.table.table import intact, open_parquet
from maple_lib.errors import MapleError

_PIECE = 32  # groups of rows that are checked together
_COLUMNS = (
    "study_id",
    "patient_id",
    "split",
    "images",
    "labels",
    "regions",
    "phrases",
    "triplets",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule that the table breaks.

    Attributes:
        rule: what is wrong.
        count: how often.
        examples: the first study ids, with the offending value where it helps.
        broken: True where the table cannot be used; False where the data themselves are at fault (a box
            outside its image, a patient in two splits), which ``maple doctor`` looks into.
    """

    rule: str
    count: int
    examples: tuple[str, ...]
    broken: bool

    def __str__(self) -> str:
        return f"{self.rule}: {self.count} (first: {', '.join(self.examples)})"


@dataclass(frozen=True, slots=True)
class TableReport:
    """What ``validate_table`` found.

    Attributes:
        path: the table.
        studies: how many it holds.
        problems: the rules it breaks, none in a sound table.
    """

    path: Path
    studies: int
    problems: tuple[Problem, ...]

    @property
    def sound(self) -> bool:
        """Whether the table can be used; faults of the data do not count."""
        return not any(problem.broken for problem in self.problems)

    def require_sound(self) -> TableReport:
        """The report itself.

        Raises:
            MapleError: if the table cannot be used; the message names the first problems.
        """
        if not self.sound:
            broken = [str(problem) for problem in self.problems if problem.broken]
            raise MapleError(self.path, "; ".join(broken[:3]), "make the table again with `maple ingest`")
        return self

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems]
        return "\n".join(lines) or f"{self.path}: {self.studies} studies, no problem"


def validate_table(path: str | Path) -> TableReport:
    """Check every study of a table; images are not opened.

    Raises:
        MapleError: if the file cannot be read, or is of another schema version or other columns.
    """
    path = Path(path)
    file = open_parquet(path)
    read_info(file.schema_arrow, path)
    counted: dict[tuple[str, bool], tuple[int, list[str]]] = {}
    for piece in _pieces(file, path, _COLUMNS):
        ids = piece.column("study_id")
        for rule, studies, values, broken in check_piece(piece):
            if len(studies):
                count, examples = counted.get((rule, broken), (0, []))
                examples += _examples(ids, studies, values)
                counted[rule, broken] = count + len(studies), examples[:3]
    problems = [
        Problem(rule, count, tuple(shown), broken) for (rule, broken), (count, shown) in counted.items()
    ]
    problems += _across(file, path)
    return TableReport(path, file.metadata.num_rows, tuple(problems))


def _pieces(file: pq.ParquetFile, path: Path, columns: tuple[str, ...]) -> Iterator[pa.Table]:
    total = file.num_row_groups
    for start in range(0, total, _PIECE):
        groups = list(range(start, min(start + _PIECE, total)))
        with intact(path):
            piece = file.read_row_groups(groups, columns=list(columns), use_threads=False)
        yield piece


def _examples(ids: pa.ChunkedArray, studies: np.ndarray, values: list[object]) -> list[str]:
    named = [str(ids[int(study)]) for study in studies[:3]]
    return [f"{n} has {v!r}" for n, v in zip(named, values, strict=False)] if values else named


def _across(file: pq.ParquetFile, path: Path) -> Iterator[Problem]:
    """What holds between studies: unique ids, and no patient in two splits."""
    columns = ("study_id", "patient_id", "split", "images.list.element.image_id")
    table = pa.concat_tables(_pieces(file, path, columns)) if file.num_row_groups else None
    if table is None:
        return
    yield from _doubles("the same study_id again", table.column("study_id"))
    images = pc.struct_field(pc.list_flatten(table.column("images")), "image_id")
    yield from _doubles("the same image_id again", images)
    known = table.select(["patient_id", "split"]).filter(pc.is_valid(table.column("split")))
    pairs = known.group_by(["patient_id", "split"]).aggregate([])
    yield from _doubles("a patient in more than one split", pairs.column("patient_id"), broken=False)


def _doubles(rule: str, values: pa.ChunkedArray, broken: bool = True) -> Iterator[Problem]:
    if pc.count_distinct(values).as_py() == len(values):
        return
    counts = pc.value_counts(values)
    more = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    yield Problem(rule, len(more), tuple(map(str, more[:3].to_pylist())), broken)
