"""How fast a studies table is made and opened; run it by hand.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_ingest.py [--studies N] [--workers N] [--folder PATH]

Makes a MIMIC-CXR-JPG in small (reports on the disk, no images) once, in ``--folder`` or for this run, and
measures: the ingest without parsing and with it, by the clock and by CPU time of all processes; a run that
is killed in the middle and continued, whose table must equal the uninterrupted one; opening, checking and
reading the table, and the memory that it takes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))

from miniatures.mimic import build_jpg, exams, write_reports

from maple_lib.data.table import StudyTable, ingest, validate_table
from maple_lib.data.table.parts import parts_folder


def make(root: Path, count: int) -> None:
    """The miniature, unless it is there."""
    if (root / f"made-{count}").exists():
        return
    build_jpg(root, count, images=False)
    write_reports(root, exams(count))
    (root / f"made-{count}").touch()


def run(root: Path, out: Path, workers: int, parse: bool) -> None:
    """One ingest, quietly."""
    ingest("mimic-cxr-jpg", root, out, workers=workers, parse=parse, progress=False, reports=root)


def timed(job: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds, children's included."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    job()
    return time.perf_counter() - wall, cpu_seconds() - cpu


def cpu_seconds() -> float:
    """CPU time of this process and its children that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def killed_and_continued(root: Path, out: Path, workers: int, total: int) -> int:
    """Kill an ingest (SIGKILL) when a third is done, continue it; returns how many parts were kept."""
    child = multiprocessing.get_context("spawn").Process(target=run, args=(root, out, workers, True))
    child.start()
    while len(list(parts_folder(out).glob("0*.parquet"))) < total // 3072 and child.is_alive():
        time.sleep(0.02)
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    kept = len(list(parts_folder(out).glob("0*.parquet")))
    run(root, out, workers, True)
    return kept


def resident() -> float:
    """MB of this process in memory that no other shares, files mapped into it left out."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("RssAnon")).split()[1]) / 1024


def main() -> None:
    """Read the command line and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--studies", type=int, default=20_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--folder", type=Path, help="keep the miniature here")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = given.folder or Path(scratch) / "mimic"
        make(root, given.studies)
        measure(root, Path(scratch), given.studies, given.workers)


def measure(root: Path, scratch: Path, count: int, workers: int) -> None:
    """Print the figures."""
    out = scratch / "studies.parquet"
    for name, parse in (("table", False), ("table, reports parsed", True)):
        wall, cpu = timed(lambda parse=parse: run(root, out, workers, parse))
        print(f"{name:24s} {count / wall:8.0f} studies/s wall, {count / cpu:8.0f} a CPU second")
    again = scratch / "again.parquet"
    kept = killed_and_continued(root, again, workers, count)
    same = StudyTable(out)._file.read().equals(StudyTable(again)._file.read())
    print(f"killed with {kept} parts done, continued: {'equal' if same else 'DIFFERENT'} tables")
    wall, cpu = timed(lambda: print(validate_table(out)))
    print(f"{'validate':24s} {count / wall:8.0f} studies/s wall, {count / cpu:8.0f} a CPU second")
    fresh = multiprocessing.get_context("spawn").Process(target=reading, args=(out, count))
    fresh.start()
    fresh.join()


def reading(out: Path, count: int) -> None:
    """Opening, random access and memory, in a process that has done nothing else."""
    tables = [StudyTable(out)]
    _ = tables[0][0]  # what is loaded once, whatever the size; kept, so that its memory is not used again
    before = resident()
    wall, _ = timed(lambda: tables.append(StudyTable(out)))
    table = tables[1]
    grown = resident() - before
    print(f"open {wall * 1e3:.1f} ms, {grown:.1f} MB: {grown * 100_000 / count:.1f} MB a 100,000 studies")
    order = np.random.default_rng(0).permutation(count)[:2000].tolist()
    wall, cpu = timed(lambda: [table[i].study_id for i in order])
    print(f"random access {wall / 2:.2f} ms a study ({cpu / 2:.2f} ms of CPU)")
    wall, cpu = timed(lambda: [row.study_id for row in table.rows()])
    print(f"in order {count / wall:.0f} studies/s ({count / cpu:.0f} a CPU second)")
    print(f"memory after that {resident() - before:.1f} MB")
    print(f"file {out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
