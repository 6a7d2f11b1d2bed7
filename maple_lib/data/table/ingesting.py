"""A dataset's official download to one studies table: in parts, in several processes, continued at will."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from maple_lib.data.rows import Source
from maple_lib.data.sources import image_root, open_source
from maple_lib.data.table.chunk import Job, make_part, source_key, start_worker, work
from maple_lib.data.table.decode import rows_of
from maple_lib.data.table.failures import write_failures
from maple_lib.data.table.parts import open_parts, part_path, read_said, remove_parts
from maple_lib.data.table.schema import VERSION, TableInfo, study_schema, with_info
from maple_lib.data.table.summary import Summary, count_rows
from maple_lib.data.table.unique import choose_unique
from maple_lib.data.table.validate import TableReport, validate_table
from maple_lib.data.table.writing import GROUP, check_name, open_writer, whole_file
from maple_lib.errors import MapleError

CHUNK = 1024
_Merged = tuple[dict[str, int], tuple[MapleError, ...], TableReport]


def ingest(
    name: str,
    root: str | Path,
    out: str | Path,
    *,
    workers: int = 2,
    parse: bool = True,
    limit: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Summary:
    """Make a studies table from a dataset's official download.

    Work is kept in ``<out>.parts/``: the same call again goes on where an interrupted one stopped. A study
    that cannot be used is left out and listed in ``<out without ending>.failures.jsonl``.

    Args:
        name: of the dataset; ``list_sources()`` says which there are.
        root: folder of the download.
        out: Parquet file to write; an older one is replaced when the new one is complete.
        workers: processes.
        parse: read the reports' statements now.
        limit: only the first so many studies.
        progress: show a progress bar.
        **options: what the dataset's reader takes.

    Returns:
        Counts, reasons of what was skipped, and the speed.

    Raises:
        MapleError: if the folder is not that dataset's, ``out`` does not end in .parquet, parts of another
            ingest lie there, no study can be used, or a worker process dies.
    """
    _check_numbers(workers, limit)
    check_name(Path(out))
    clock = time.perf_counter()
    root, out = Path(root).absolute(), Path(out)
    source = open_source(name, root, options)
    total = len(source) if limit is None else min(limit, len(source))
    plan = _plan(name, root, options, total, parse, source)
    job = Job(name, root, options, source, open_parts(out, plan), CHUNK, total, parse)
    missing = [n for n in range(job.parts) if read_said(part_path(job.folder, n)) is None]
    made = sum(stop - start for start, stop in map(job.span, missing))
    _make_parts(job, missing, workers, progress)
    info = TableInfo(name, str(image_root(source, root)), options, plan["library"], parse)
    counts, skipped, report = _merge(job, out, info)
    remove_parts(job.folder)
    problems = tuple(map(str, report.problems))
    return Summary(out, name, counts, skipped, problems, time.perf_counter() - clock, made)


def _check_numbers(workers: int, limit: int | None) -> None:
    if workers < 1:
        raise MapleError(f"workers={workers}", "at least one process is needed", "use workers=1 or more")
    if limit is not None and limit < 1:
        raise MapleError(f"limit={limit}", "no study would be left", "give 1 or more")


def _plan(
    name: str, root: Path, options: Mapping[str, Any], total: int, parse: bool, source: Source
) -> dict[str, Any]:
    """What parts must have in common; another release may read reports differently."""
    from maple_lib import __version__

    return {
        "dataset": name,
        "root": str(root),
        "options": dict(options),
        "studies": total,
        "parse": parse,
        "chunk": CHUNK,
        "schema": VERSION,
        "library": __version__,
        "source": source_key(source),
    }


def _make_parts(job: Job, missing: list[int], workers: int, progress: bool) -> None:
    from tqdm.auto import tqdm

    with tqdm(desc="studies", total=job.total, unit="study", disable=not progress) as bar:
        bar.update(job.total - sum(stop - start for start, stop in map(job.span, missing)))
        many = workers > 1 and len(missing) > 1
        for number in _in_workers(job, missing, workers) if many else (make_part(job, n) for n in missing):
            start, stop = job.span(number)
            bar.update(stop - start)


def _in_workers(job: Job, missing: list[int], workers: int) -> Iterator[int]:
    """Parts as they are made; when the caller stops, those begun are finished and kept."""
    # A fork shares the dataset's tables with every worker; elsewhere each gets a copy.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    pool = ProcessPoolExecutor(
        min(workers, len(missing)),
        mp_context=multiprocessing.get_context(method),
        initializer=start_worker,
        initargs=(job, os.getpid()),
    )
    try:
        for future in as_completed([pool.submit(work, number) for number in missing]):
            yield future.result()
    except BrokenProcessPool:
        remedy = "run the same command again, with --workers 1 if memory was short; what is done is kept"
        raise MapleError(job.folder, "a worker process died", remedy) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _merge(job: Job, out: Path, info: TableInfo) -> _Merged:
    """Put the parts together in their order, every study and every image once."""
    paths = [part_path(job.folder, number) for number in range(job.parts)]
    said = [read_said(path) or {} for path in paths]
    failures = [MapleError(*reason) for part in said for reason in part["failures"]]
    chosen, doubles = choose_unique(paths)
    counts: Counter[str] = Counter()
    for path, part, keep in zip(paths, said, chosen, strict=True):
        counts.update(part["counts"] if keep is None else count_rows(list(rows_of(_read(path, keep)))))
    if not counts["studies"]:
        remove_parts(job.folder)  # kept, they would be believed when the download is complete
        raise _nothing(info, [*failures, *doubles])
    info = replace(info, counts=dict(counts))
    with whole_file(out) as scratch:
        with open_writer(scratch, with_info(study_schema(), info)) as writer:
            for path, keep in zip(paths, chosen, strict=True):
                writer.write_table(_read(path, keep), row_group_size=GROUP)
        report = replace(validate_table(scratch), path=out).require_sound()
    write_failures(out, [*failures, *doubles])
    return dict(counts), (*failures, *doubles), report


def _read(path: Path, keep: list[int] | None) -> pa.Table:
    table = pq.read_table(path, use_threads=False).cast(study_schema())
    return table if keep is None else table.take(pa.array(keep, pa.int64()))


def _nothing(info: TableInfo, failures: Sequence[MapleError]) -> MapleError:
    first = f"; the first: {failures[0]}" if failures else ""
    problem = f"none of {len(failures)} studies can be used{first}"
    return MapleError(info.root, problem, f"give the folder of the official {info.dataset} download")
