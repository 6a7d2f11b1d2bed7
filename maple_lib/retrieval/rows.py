"""Arrays that grow row by row on disk, and are read back memory-mapped: plain ``.npy`` files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

from maple_lib.errors import MapleError


class RowWriter:
    """Writes a (n, ...) ``.npy`` file of which n is known only at the end.

    numpy leaves room in the header for the first axis to grow, so the header is written twice and the
    rows once: an index of any size is built in the memory of one batch.

    Args:
        path: the file; it is created with its first row.
        dtype: of the rows.
    """

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._path, self._dtype, self._file = path, np.dtype(dtype), path.open("wb")
        self._rows, self._shape = 0, ()  # type: tuple[int, tuple[int, ...]]

    def append(self, rows: NDArray[Any]) -> None:
        """Add (n, ...) rows; all calls must agree on the trailing shape."""
        if not self._rows:
            self._shape = rows.shape[1:]
            self._header()
        self._file.write(np.ascontiguousarray(rows, self._dtype).tobytes())
        self._rows += len(rows)

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.seek(0)
        self._header()
        self._file.close()

    def _header(self) -> None:
        description = {
            "descr": npy.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self._rows, *self._shape),
        }
        npy.write_array_header_1_0(self._file, description)


def read_rows(path: Path) -> NDArray[Any]:
    """Map a ``.npy`` file into memory, read-only; nothing is unpickled.

    Raises:
        MapleError: if the file is missing, cut short or no array.
    """
    try:
        # Nothing can be mapped of a file without rows.
        return np.load(path, mmap_mode="r" if path.stat().st_size > 256 else None, allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, ValueError, EOFError) as error:
        raise MapleError(path, f"not a readable array ({error})", "build the index again") from None


def checksum(path: Path) -> str:
    """SHA-256 of a file, read in pieces.

    Raises:
        MapleError: if the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MapleError(path, f"cannot be read ({error.strerror})", "build the index again") from None
