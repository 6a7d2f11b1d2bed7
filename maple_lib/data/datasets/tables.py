"""Tables of an official download: found, complete, with the columns they should have, or one clear error."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd

_TAIL = 1 << 16  # bytes in which the last line is looked for


def check_root(root: str | Path, dataset: str) -> Path:
    """The dataset's folder.

    Raises:
        MapleError: if there is no such folder.
    """
    path = Path(root)
    if not path.is_dir():
        problem = "a file, not a folder" if path.is_file() else "no such folder"
        raise MapleError(path, problem, f"give the folder of the official {dataset} download")
    return path


def find_file(root: Path, names: Sequence[str], dataset: str) -> Path:
    """The first of ``names`` (official names, relative to the root) that exists, plain or gzipped.

    Raises:
        MapleError: if none exists; the message names the official file.
    """
    for name in names:
        for path in (root / name, root / f"{name}.gz"):
            if path.is_file():
                return path
    raise MapleError(
        root / names[0],
        "no such file",
        f"{dataset} has it under this name: check the root, and whether the download is complete",
    )


def read_table(path: Path, columns: Iterable[str], dataset: str, text: Iterable[str] = ()) -> pd.DataFrame:
    """Read a CSV table (gzipped or not).

    Args:
        path: the file.
        columns: the columns that must be there; others are left out.
        dataset: for the message.
        text: columns to keep as text, such as identifiers with leading zeros.

    Raises:
        MapleError: if the file is missing, cut off or no table, lacks a column, or holds no line.
    """
    import pandas as pd

    wanted = list(columns)
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(text, str), low_memory=False)
    except FileNotFoundError:
        raise MapleError(path, "no such file", f"it is part of {dataset}: check the root") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, EOFError) as error:
        raise _damaged(path, error, dataset) from None
    except (gzip.BadGzipFile, OSError) as error:
        raise _damaged(path, error, dataset) from None
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        have = ", ".join(map(str, table.columns[:12]))
        raise MapleError(
            path, f"no column {', '.join(missing)}; it has {have}", f"use the official file of {dataset}"
        )
    if table.empty:
        raise MapleError(path, "holds no line but the names of its columns", f"download it again: {dataset}")
    if path.suffix == ".csv" and _ends_in_a_line(path):
        raise MapleError(path, "cut off: its last line has fewer cells", f"download it again: {dataset}")
    return table[wanted]


def _ends_in_a_line(path: Path) -> bool:
    """Whether the last line has fewer cells than the first two; pandas would take the others for empty."""
    size = path.stat().st_size
    with path.open("rb") as file:
        first = [_cells(file.readline())]
        second = _cells(file.readline())
        first += [second] if file.tell() < size else []  # else it is the last line itself
        start = max(0, size - _TAIL)
        file.seek(start)
        tail = file.read().rstrip(b"\r\n")
    before, _, last = tail.rpartition(b"\n")
    cells = _cells(last) if before or not start else None
    return cells is not None and cells < min((each for each in first if each is not None), default=0)


def _cells(line: bytes) -> int | None:
    """How many cells a line has; None where a cell in quotes goes on in another line."""
    if line.count(b'"') % 2:
        return None
    return len(next(csv.reader([line.decode(errors="replace").rstrip("\r\n")]), []))


def _damaged(path: Path, error: Exception, dataset: str) -> MapleError:
    return MapleError(
        path, f"damaged or no CSV table ({type(error).__name__})", f"download it again: {dataset}"
    )
