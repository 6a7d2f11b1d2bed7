"""A dataset's own files as studies, without a table between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, overload

from maple_lib.data.rows import Source, StudyRow
from maple_lib.data.sources import image_root
from maple_lib.data.study import Study
from maple_lib.data.table.chunk import parsed
from maple_lib.data.table.row_check import check_row
from maple_lib.data.table.studies import study_from_row
from maple_lib.errors import MapleError

_STEP = 256


class SourceStudies(Sequence[Study]):
    """Studies read from a dataset's official files each time they are asked for.

    A walk over all of them leaves out those that cannot be used and remembers why; asking for one of those
    by its number raises its error. ``maple ingest`` makes a table that holds only usable studies and opens
    faster.

    Args:
        opener: opens the dataset; called here, and once more in every process that the studies are sent to.
        root: folder of the dataset.
        parse: read the statements of a report when its study is asked for.
        index: the studies to show, all by default.

    Attributes:
        root: folder that the paths of the images start from.
        failures: the errors met so far, one a study.
    """

    def __init__(
        self,
        opener: Callable[[], Source],
        root: str | Path,
        parse: bool = True,
        index: Sequence[int] | None = None,
    ) -> None:
        self._opener, self._given, self._parse = opener, root, parse
        self._source = opener()
        self.root = image_root(self._source, root)
        self._index: Sequence[int] = range(len(self._source)) if index is None else index
        self._failures: dict[str, MapleError] = {}

    @property
    def failures(self) -> tuple[MapleError, ...]:
        """The errors met so far, one a study."""
        return tuple(self._failures.values())

    def __len__(self) -> int:
        """Number of studies, those included that will turn out to be unusable."""
        return len(self._index)

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> SourceStudies: ...
    def __getitem__(self, index: int | slice) -> Study | SourceStudies:
        """One study, or several.

        Raises:
            MapleError: if that study cannot be used.
        """
        if isinstance(index, slice):
            part = object.__new__(type(self))  # on the same open source
            part.__dict__.update(self.__dict__, _index=self._index[index], _failures={})
            return part
        place = self._index[index]
        return self._study(next(iter(self._source.rows(place, place + 1))))

    def __iter__(self) -> Iterator[Study]:
        """The studies that can be used."""
        for row in chain.from_iterable(self._source.rows(*span) for span in self._spans()):
            try:
                yield self._study(row)
            except MapleError as error:
                self._failures[str(error)] = error

    def _spans(self) -> Iterator[tuple[int, int]]:
        """Neighbouring studies are read together."""
        index = self._index
        if isinstance(index, range) and index.step == 1:
            starts = range(index.start, index.stop, _STEP)
            return ((start, min(start + _STEP, index.stop)) for start in starts)
        return ((place, place + 1) for place in index)

    def _study(self, row: StudyRow | MapleError) -> Study:
        if isinstance(row, MapleError):
            raise row
        check_row(row)
        return study_from_row(parsed(row) if self._parse else row, self.root)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._opener, self._given, self._parse, self._index)

    def __repr__(self) -> str:
        return f"SourceStudies({len(self)} studies in {str(self.root)!r})"
