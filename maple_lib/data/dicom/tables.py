"""Look-up tables of a DICOM header, made safe to use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.errors import MapleError

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """A look-up table: ``entries[0]`` is for ``first`` and everything below it; ``bits`` a result has."""

    entries: Values
    first: int
    bits: int

    def __call__(self, values: Values) -> Values:
        """Look values up; those outside the table take its first or last entry (PS3.3 C.11.1.1)."""
        return self.entries[np.clip(values - self.first, 0, len(self.entries) - 1).astype(np.intp)]


def table_of(item: Any, signed: bool, path: Path) -> Table:
    """Read one item of a modality or VOI LUT sequence.

    Args:
        item: the sequence item, with LUTDescriptor and LUTData.
        signed: whether the values that are looked up can be negative.
        path: named in errors.

    Raises:
        MapleError: if the table is missing or empty.
    """
    (count, first, bits), data = raw_table(item, path)
    count = (count % 65536) or 65536
    if len(data) * 2 == count or (len(data) * 2 == count + 1 and data.dtype == np.uint16):
        data = data.view(np.uint8)  # two 8-bit entries a word
    # A descriptor is written as unsigned in some files and as signed in others: bring both to one.
    first = first - 65536 if signed and first > 32767 else first
    first = first + 65536 if not signed and first < 0 else first
    entries = data[:count].astype(np.float64)
    return Table(entries, first, _bits(bits, entries))


def raw_table(item: Any, path: Path) -> tuple[list[int], NDArray[np.uint16]]:
    """The descriptor's three numbers (count, first value, bits) and the entries, as the file has them.

    Raises:
        MapleError: if the table is missing or empty.
    """
    data = _entries(item)
    descriptor = [int(v) for v in item.get("LUTDescriptor") or ()]
    if len(descriptor) != 3 or len(data) == 0:
        raise MapleError(path, "a damaged look-up table", "export the file again")
    return descriptor, data


def _entries(item: Any) -> NDArray[np.uint16]:
    data = item.get("LUTData")
    if isinstance(data, bytes):
        return np.frombuffer(data[: len(data) // 2 * 2], "<u2").astype(np.uint16)
    return np.atleast_1d(np.array([] if data is None else data, np.int64)).astype(np.uint16)


def _bits(stated: int, entries: Values) -> int:
    """Bits of a result: as stated, unless the entries use less than half of that range.

    Several makers state 16 bits for tables of 12, and their images would come out nearly black.
    """
    used = max(1, int(entries.max()).bit_length())
    return used if used < stated - 1 or not 1 <= stated <= 16 or used > stated else stated
