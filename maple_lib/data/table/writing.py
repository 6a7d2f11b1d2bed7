"""Write studies tables: whole or not at all, in groups of rows small enough to be read one by one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from maple_lib.data.rows import StudyRow
from maple_lib.data.table.encode import rows_to_batch
from maple_lib.data.table.schema import TableInfo, study_schema, with_info
from maple_lib.errors import MapleError

# A study that is asked for brings its whole group with it (about 2 ms); a group costs 4 kB in the footer.
GROUP = 128


def write_rows(rows: Iterable[StudyRow], path: str | Path, info: TableInfo | None = None) -> Path:
    """Write studies as a table; the file appears when it is complete.

    Args:
        rows: the studies; read as they are written, so any number of them fits in memory.
        path: the Parquet file.
        info: what the table shall say of itself; by default only this library's version.

    Raises:
        MapleError: if the file cannot be written.
    """
    from maple_lib import __version__

    info = info or TableInfo(library=__version__)
    stream = iter(rows)
    with whole_file(Path(path)) as part, open_writer(part, with_info(study_schema(), info)) as writer:
        while some := list(islice(stream, GROUP)):
            writer.write_batch(rows_to_batch(some))
    return Path(path)


def check_name(path: Path) -> None:
    """A table is found by its ending: one of another name could not be opened again.

    Raises:
        MapleError: if the name does not end in .parquet.
    """
    if path.suffix.lower() != ".parquet":
        raise MapleError(path, "no name of a studies table", f"end it in .parquet: {path.stem}.parquet")


def open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A Parquet writer as studies tables use it."""
    return pq.ParquetWriter(path, schema, compression="zstd", write_statistics=False)


def write_part(rows: Sequence[StudyRow], path: Path, said: bytes) -> None:
    """Write a part of a table that is in the making, with ``said`` in its metadata under ``part``."""
    schema = study_schema().with_metadata({b"part": said})
    with whole_file(path) as scratch, open_writer(scratch, schema) as writer:
        writer.write_batch(rows_to_batch(rows), row_group_size=GROUP)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside ``path`` that takes its place when all is written, and goes away when something fails.

    Raises:
        MapleError: if the folder does not exist or cannot be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise MapleError(path, error.strerror or "cannot be written", "check the folder") from error
    finally:
        part.unlink(missing_ok=True)
