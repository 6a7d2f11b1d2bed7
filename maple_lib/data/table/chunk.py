"""One chunk of an ingest: rows read, checked, reports parsed, all written as a part; runs in any process."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from maple_lib.data.rows import Source, StudyRow
from maple_lib.data.table.parts import part_path
from maple_lib.data.table.row_check import check_row
from maple_lib.data.table.summary import count_rows
from maple_lib.data.table.writing import write_part
from maple_lib.errors import MapleError
from maple_lib.reports import Parser

_MEMO = 20_000  # sentences whose reading is remembered: reports repeat themselves


@dataclass(frozen=True, slots=True)
class Job:
    """What every chunk of an ingest shares.

    Attributes:
        name: of the dataset.
        root: its folder.
        options: what its reader is given.
        source: the dataset, opened.
        folder: of the parts.
        chunk: studies a part.
        total: studies in all.
        parse: whether reports are parsed.
    """

    name: str
    root: Path
    options: Mapping[str, Any]
    source: Source
    folder: Path
    chunk: int
    total: int
    parse: bool

    @property
    def parts(self) -> int:
        """How many parts there will be."""
        return -(-self.total // self.chunk)

    def __getstate__(self) -> tuple[Any, ...]:
        """A process that is not forked opens the dataset for itself: sources need not be picklable."""
        return self.name, self.root, self.options, self.folder, self.chunk, self.total, self.parse

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        from maple_lib.data.sources import open_source

        name, root, options, *rest = state
        values = (name, root, options, open_source(name, root, options), *rest)
        for item, value in zip(fields(self), values, strict=True):
            object.__setattr__(self, item.name, value)

    def span(self, number: int) -> tuple[int, int]:
        """First study of a part, and the one after its last."""
        return number * self.chunk, min((number + 1) * self.chunk, self.total)


def make_part(job: Job, number: int) -> int:
    """Make one part and return its number."""
    good: list[StudyRow] = []
    failures: list[tuple[str, str, str]] = []
    for row in _checked(job, *job.span(number)):
        if isinstance(row, MapleError):
            failures.append((row.subject, row.problem, row.remedy))
        else:
            good.append(row)
    said = {"counts": count_rows(good), "failures": failures}
    write_part(good, part_path(job.folder, number), json.dumps(said).encode())
    return number


def _checked(job: Job, start: int, stop: int) -> Iterator[StudyRow | MapleError]:
    for row in job.source.rows(start, stop):
        if isinstance(row, MapleError):
            yield row
            continue
        try:
            finished = parsed(row) if job.parse else row
            check_row(finished)
        except MapleError as error:
            yield error
        else:
            yield finished


def parsed(row: StudyRow) -> StudyRow:
    """The row with the statements of its report, unless the dataset gave them."""
    if row.triplets is not None:
        return row
    return replace(row, triplets=tuple(_parser().parse(row.report).triplets))


@cache
def _parser() -> Parser:
    return Parser(memo=_MEMO)


_job: Job | None = None


def start_worker(job: Job, parent: int) -> None:
    """Prepare a worker process: it keeps the job, leaves Ctrl-C to its parent, and ends with it."""
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A worker whose parent was killed would wait for work for ever."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def work(number: int) -> int:
    """``make_part`` in a worker process."""
    if _job is None:
        raise RuntimeError("start_worker was not called")
    return make_part(_job, number)


def source_key(source: Any) -> str:
    """What tells one source from another of the same name and length, where it can say so."""
    return str(getattr(source, "fingerprint", ""))
