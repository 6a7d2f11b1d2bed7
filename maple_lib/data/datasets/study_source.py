"""A source whose studies are built one by one from tables that are already read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from maple_lib.data.rows import StudyRow
from maple_lib.errors import MapleError


class StudySource:
    """Studies by number.

    Args:
        count: how many there are.
        build: makes the row of study 0 to ``count`` - 1, or raises a MapleError where it is unusable.
    """

    def __init__(self, count: int, build: Callable[[int], StudyRow]) -> None:
        self._count, self._build = count, build

    def __len__(self) -> int:
        return self._count

    def rows(self, start: int, stop: int) -> Iterator[StudyRow | MapleError]:
        """Studies ``start`` to ``stop``; an error in the place of one that is unusable."""
        for number in range(*slice(start, stop).indices(self._count)):
            try:
                yield self._build(number)
            except MapleError as error:
                yield error
