"""How fast the parser reads, beside other tools in the same run; run it by hand.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_parser.py [--reports N] [--workers N] [--stream N]

Reads the Open-i reports beside the repository where they are, else phantom reports. Every figure is
reports per second of one core, by CPU time, best of three passes; the memory figure is the peak while
streaming. Peers are measured where they can be imported: pysbd (sentences only) and medspaCy (targets and
context; it pins an old numpy, so give it an environment of its own and run this file there with the
repository on PYTHONPATH).
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

from maple_lib.reports import Parser, iter_parse, parse_many
from maple_lib.vocabulary import FINDINGS, finding

REPORTS = Path(__file__).parents[3] / "shared/real/open_i_reports/indiana_reports.csv"


def load(count: int | None) -> list[str]:
    """Open-i's reports, or as many phantom reports."""
    if REPORTS.exists():
        with REPORTS.open(newline="", encoding="utf-8") as file:
            rows = [
                f"FINDINGS: {row['findings']}\nIMPRESSION: {row['impression']}"
                for row in csv.DictReader(file)
            ]
        return rows[:count]
    from maple_lib.data.phantoms import phantom_studies

    return [study.report for study in phantom_studies(count or 1000, seed=9)]


def as_report(row: dict[str, str]) -> str:
    """A row's findings and impression under their headers."""
    return f"FINDINGS: {row['findings']}\nIMPRESSION: {row['impression']}"


def rate(texts: list[str], run: Callable[[list[str]], object], passes: int = 3) -> float:
    """Texts per second of CPU time, the best of some passes."""
    best = float("inf")
    for _ in range(passes):
        started = time.process_time()
        run(texts)
        best = min(best, time.process_time() - started)
    return len(texts) / best


def ours(memo: int) -> Callable[[list[str]], object]:
    """The parser; a fresh one for each pass, so that a memo starts empty."""

    def run(texts: list[str]) -> None:
        parser = Parser(memo=memo)
        for text in texts:
            parser.parse(text)

    return run


def pysbd_sentences() -> Callable[[list[str]], object]:
    """pysbd's sentence splitting alone."""
    import pysbd

    splitter = pysbd.Segmenter(language="en", clean=False)
    return lambda texts: [splitter.segment(text) for text in texts]


def medspacy_context() -> Callable[[list[str]], object]:
    """medspaCy's default pipeline (targets, context) with our findings' words; it finds no regions."""
    import medspacy
    from loguru import logger
    from medspacy.ner import TargetRule

    logger.remove()  # its sentence splitter logs every token
    pipeline = medspacy.load()
    words = [word for name in FINDINGS for word in finding(name).synonyms]
    pipeline.get_pipe("medspacy_target_matcher").add([TargetRule(word, "FINDING") for word in words])
    return lambda texts: [pipeline(text) for text in texts]


PEERS = {"pysbd": pysbd_sentences, "medspacy": medspacy_context}


def stream(texts: Iterable[str], count: int) -> Iterator[int]:
    """Peak memory in MB after every tenth of ``count`` reports streamed."""
    for index, _ in enumerate(iter_parse(islice(cycle(texts), count)), start=1):
        if index % max(count // 10, 1) == 0:
            yield resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Read the command line and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--reports", type=int, help="only the first so many")
    options.add_argument("--workers", type=int, default=0, help="also time parse_many with so many processes")
    options.add_argument(
        "--stream", type=int, default=0, help="also stream so many reports and print the memory"
    )
    given = options.parse_args()
    texts = load(given.reports)
    print(f"{len(texts)} reports of {sum(map(len, texts)) / len(texts):.0f} characters")
    print(f"maple, no memo     {rate(texts, ours(0)):8.0f} reports/s")
    print(f"maple, memo        {rate(texts, ours(20_000)):8.0f} reports/s (first pass)")
    for name, make in PEERS.items():
        if importlib.util.find_spec(name):
            print(f"{name:18} {rate(texts[:300], make(), passes=1):8.0f} reports/s")
        else:
            print(f"{name:18} not installed")
    if given.workers:
        for workers in (1, given.workers):
            started = time.perf_counter()
            parse_many(texts * 5, workers=workers)
            seconds = time.perf_counter() - started
            print(f"{workers} workers: {5 * len(texts) / seconds:.0f} reports/s of wall time")
    if given.stream:
        print("peak MB per tenth of the stream:", *stream(texts, given.stream))


if __name__ == "__main__":
    main()
