"""Open a studies table: any study of hundreds of thousands in milliseconds, in memory that stays flat."""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, overload

import pyarrow as pa
import pyarrow.parquet as pq

from maple_lib.data.rows import StudyRow
from maple_lib.data.study import Study
from maple_lib.data.table.decode import rows_of
from maple_lib.data.table.failures import read_failures
from maple_lib.data.table.schema import TableInfo, read_info
from maple_lib.data.table.studies import study_from_row
from maple_lib.errors import MapleError

_KEPT = 8  # groups of rows that stay decoded, as Arrow columns: a few hundred kB each


class StudyTable(Sequence[Study]):
    """The studies of a Parquet file made by ``ingest`` or ``write_rows``.

    The file is mapped into memory; a study is decoded when it is asked for, its pixels later still. A slice
    and ``select`` give tables on the same file. Tables can be sent to other processes: each opens the file
    for itself.

    Args:
        path: the Parquet file.
        root: folder of the images; by default the one that the table was made from.
        index: the rows to show, all by default.

    Attributes:
        info: what the table says of itself.
        root: folder that the paths of images start from.
        failures: why studies were left out when the table was made.

    Raises:
        MapleError: if the file is missing, damaged, no studies table, or of another schema version.
    """

    def __init__(
        self, path: str | Path, root: str | Path | None = None, index: Sequence[int] | None = None
    ) -> None:
        self.path = Path(path)
        self._file = open_parquet(self.path)
        self.info: TableInfo = read_info(self._file.schema_arrow, self.path)
        self.root = Path(self.info.root if root is None else root)
        meta = self._file.metadata
        sizes = (meta.row_group(group).num_rows for group in range(meta.num_row_groups))
        self._starts = list(accumulate(sizes, initial=0))
        self._index: Sequence[int] = range(meta.num_rows) if index is None else index
        self._groups: OrderedDict[int, pa.Table] = OrderedDict()
        self.failures = read_failures(self.path)

    def __len__(self) -> int:
        return len(self._index)

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> StudyTable: ...
    def __getitem__(self, index: int | slice) -> Study | StudyTable:
        """One study, or a table of several."""
        if isinstance(index, slice):
            return StudyTable(self.path, self.root, self._index[index])
        return study_from_row(self.row(index), self.root)

    def row(self, index: int) -> StudyRow:
        """One study as plain values."""
        place = self._index[index]
        number = self._group_of(place)
        return next(rows_of(self._group(number).slice(place - self._starts[number], 1)))

    def rows(self) -> Iterator[StudyRow]:
        """All studies as plain values, one after the other; memory stays flat."""
        for number, places in groupby(self._index, self._group_of):
            first = self._starts[number]
            yield from rows_of(self._group(number).take([place - first for place in places]))

    def __iter__(self) -> Iterator[Study]:
        return (study_from_row(row, self.root) for row in self.rows())

    def select(self, split: str) -> StudyTable:
        """The studies of one split.

        Raises:
            MapleError: if no study is in it; the message lists the splits there are.
        """
        with intact(self.path):
            splits = self._file.read(columns=["split"]).column("split").to_pylist()
        index = [place for place in self._index if splits[place] == split]
        if not index:
            have = ", ".join(sorted({name for name in splits if name})) or "none"
            raise MapleError(f"split {split!r}", f"no study of {self.path} is in it", f"it has: {have}")
        return StudyTable(self.path, self.root, index)

    def warn(self) -> StudyTable:
        """Warn once if studies were left out when the table was made, and return the table."""
        if self.failures:
            warnings.warn(
                f"{self.path}: {len(self.failures)} studies were left out when it was made; the first: "
                f"{self.failures[0]}; all in .failures",
                stacklevel=3,
            )
        return self

    def _group_of(self, place: int) -> int:
        return bisect_right(self._starts, place) - 1

    def _group(self, number: int) -> pa.Table:
        """A group of rows, decoded; the groups used last stay."""
        if number not in self._groups:
            # Threads would not pay for so few rows, and do not survive a fork.
            with intact(self.path):
                self._groups[number] = self._file.read_row_group(number, use_threads=False)
            if len(self._groups) > _KEPT:
                self._groups.popitem(last=False)
        self._groups.move_to_end(number)
        return self._groups[number]

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "root": self.root, "index": self._index}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def __repr__(self) -> str:
        name = self.info.dataset or "studies"
        return f"StudyTable({name}, {len(self)} studies, {len(self.failures)} skipped, {str(self.path)!r})"


def open_parquet(path: Path) -> pq.ParquetFile:
    """Map a Parquet file into memory.

    Raises:
        MapleError: if it is missing, or cut off, or no Parquet file.
    """
    try:
        return pq.ParquetFile(path, memory_map=True)
    except FileNotFoundError:
        raise MapleError(path, "no such file", "make it with `maple ingest`") from None
    except (pa.ArrowInvalid, OSError) as error:
        raise MapleError(
            path, f"damaged or no Parquet file ({type(error).__name__})", "make it again with `maple ingest`"
        ) from None


@contextmanager
def intact(path: Path) -> Iterator[None]:
    """Inside, what Arrow says of a damaged block becomes one clear error: a footer may be whole alone.

    Raises:
        MapleError: if the file is damaged where it is read.
    """
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise MapleError(
            path, f"damaged ({type(error).__name__})", "make it again with `maple ingest`"
        ) from None
