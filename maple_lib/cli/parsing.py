"""``maple parse``: reports in files become lines on the screen, or JSON lines, CSV or Parquet."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import typer

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.reports import ParsedReport

Parsed = Iterable[tuple[Path, "ParsedReport"]]
_ROWS = 10_000  # of a Parquet row group


class Format(StrEnum):
    """JSON lines hold a report each, with all of it; CSV and Parquet hold a row per statement."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def choose_format(named: Format | None, out: Path | None, as_json: bool) -> Format | None:
    """The format that was named, or that of the file's ending; None for lines to read.

    Raises:
        MapleError: if a file is to be written and neither says how.
    """
    if named or as_json or out is None:
        return named or (Format.JSONL if as_json else None)
    try:
        return Format(out.suffix.removeprefix(".").lower())
    except ValueError:
        ways = ", ".join(Format)
        raise MapleError(
            f"--out {out}", "its ending names no format", f"add --format, one of {ways}"
        ) from None


def write_parsed(files: Sequence[Path], out: Path | None, format: Format) -> list[str]:
    """Parse files and write what they state, one report after the other in flat memory.

    Args:
        files: reports, UTF-8 text.
        out: file to write; it appears only when it is complete. None: standard output.
        format: of what is written.

    Returns:
        Why files could not be read, one line each; empty if all could.

    Raises:
        MapleError: if ``out`` cannot be written, or Parquet has no file to go to.
    """
    failures: list[str] = []
    reports = parsed_files(files, failures)
    if format is Format.PARQUET:
        if out is None:
            raise MapleError(
                "--format parquet", "is not text to print", "name a file: --out statements.parquet"
            )
        with _complete(out) as part:
            _write_parquet(reports, part)
        return failures
    write = _write_csv if format is Format.CSV else _write_jsonl
    if out is None:
        write(reports, sys.stdout)
        return failures
    with _complete(out) as part, part.open("w", encoding="utf-8", newline="") as stream:
        write(reports, stream)
    return failures


def print_parsed(files: Sequence[Path]) -> list[str]:
    """Print the statements of each file as lines to read; returns why files could not be read."""
    failures: list[str] = []
    for path, report in parsed_files(files, failures):
        why = f" ({report.reason})" if not report.triplets and report.reason else ""
        typer.echo(f"{path.name}: {len(report.triplets)} statements{why}")
        for t in report.triplets:
            typer.echo(f"  {t.existence:9s}  {t.finding:24s}  {t.region or '-'}")
    return failures


def parsed_files(files: Iterable[Path], failures: list[str]) -> Iterator[tuple[Path, ParsedReport]]:
    """Each file with its parsed report; why a file could not be read is added to ``failures``."""
    from maple_lib.reports import parse

    for path in files:
        try:
            report = parse(_read_text(path))
        except MapleError as error:
            failures.append(str(error))
            continue
        yield path, report


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MapleError(path, "is not a UTF-8 text file", "save the report as plain text") from error
    except OSError as error:
        raise MapleError(path, error.strerror or "cannot be read", "check the path") from error


def _write_jsonl(reports: Parsed, stream: TextIO) -> None:
    for path, report in reports:
        stream.write(json.dumps({"file": path.name, **report.to_dict()}) + "\n")


def _write_csv(reports: Parsed, stream: TextIO) -> None:
    from maple_lib.reports.report import COLUMNS

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["file", *COLUMNS])
    writer.writerows(_rows(reports))


def _write_parquet(reports: Parsed, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from maple_lib.reports.table import triplet_schema

    schema = pa.schema([("file", pa.string()), *triplet_schema()])
    rows = _rows(reports)
    with pq.ParquetWriter(path, schema) as writer:
        while some := list(islice(rows, _ROWS)):
            columns = [list(column) for column in zip(*some, strict=True)]
            writer.write_table(pa.table(columns, schema=schema))


def _rows(reports: Parsed) -> Iterator[tuple[Any, ...]]:
    from maple_lib.reports.report import triplet_rows

    return ((path.name, *row) for path, report in reports for row in triplet_rows(report))


@contextmanager
def _complete(out: Path) -> Iterator[Path]:
    """A file beside ``out`` that takes its place when all is written, and goes away when something fails."""
    part = out.with_name(f".{out.name}.part")
    try:
        yield part
        part.replace(out)
    except OSError as error:
        raise MapleError(out, error.strerror or "cannot be written", "check the folder") from error
    finally:
        part.unlink(missing_ok=True)
