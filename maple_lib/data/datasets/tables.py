"""Tables of an official download: found, complete, with the columns they should have, or one clear error."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pandas as pd


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
        MapleError: if the file is missing, cut off or no table, or lacks a column.
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
    return table[wanted]


def _damaged(path: Path, error: Exception, dataset: str) -> MapleError:
    return MapleError(
        path, f"damaged or no CSV table ({type(error).__name__})", f"download it again: {dataset}"
    )
