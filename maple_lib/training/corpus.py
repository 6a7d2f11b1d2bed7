"""The corpus in memory: compact records, made by worker processes, drawn in a reproducible order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_all_start_methods, get_context

import numpy as np
from tqdm.auto import tqdm

from maple_lib.data.batch import Batch, collate
from maple_lib.data.record import Record, make_record
from maple_lib.data.study import Study
from maple_lib.errors import MapleError

_Make = Callable[[int], Record | tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Records of all readable studies, and the reasons why others were left out."""

    records: tuple[Record, ...]
    failures: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, step: int, size: int, seed: int) -> Batch:
        """The batch of a step: epochs are shuffled anew, each study comes once per epoch.

        The order depends on ``seed`` and ``step`` alone, so that a resumed run goes on where it was.
        """
        size = min(size, len(self.records))
        per_epoch = len(self.records) // size
        epoch, k = divmod(step, per_epoch)
        order = np.random.default_rng([seed, epoch]).permutation(len(self.records))
        return collate([self.records[i] for i in order[k * size : (k + 1) * size]])


def build_corpus(
    studies: Sequence[Study],
    size: int,
    grid: tuple[int, int],
    triplets: str = "parsed",
    workers: int = 1,
    progress: bool = True,
) -> Corpus:
    """Read, parse and shrink every study; unreadable ones are left out and named at the end.

    Raises:
        MapleError: if no study can be read; the message holds the first reason.
    """
    make = partial(_try_record, studies, size, grid, triplets)
    results = list(tqdm(_map(make, len(studies), workers), "preparing", len(studies), disable=not progress))
    records = tuple(r for r in results if isinstance(r, Record))
    failures = tuple(r for r in results if not isinstance(r, Record))
    if not records:
        reason = failures[0][1] if failures else "there are none"
        raise MapleError("studies", f"none can be read; the first: {reason}", "check the source")
    if failures:
        warnings.warn(f"{len(failures)} studies left out; the first: {failures[0][1]}", stacklevel=2)
    return Corpus(records, failures)


def _try_record(
    studies: Sequence[Study], size: int, grid: tuple[int, int], triplets: str, i: int
) -> Record | tuple[str, str]:
    try:
        return make_record(studies[i], size, grid, triplets)
    except MapleError as error:
        return (str(i), str(error))


def _map(make: _Make, n: int, workers: int) -> Iterator[Record | tuple[str, str]]:
    if workers <= 1 or n < 32 or "fork" not in get_all_start_methods():
        yield from map(make, range(n))
        return
    # Forked workers inherit the studies: nothing but an index goes out and a small record comes back.
    with ProcessPoolExecutor(workers, get_context("fork"), _share, (make,)) as pool:
        yield from pool.map(_shared, range(n), chunksize=16)


_inherited: list[_Make] = []


def _share(make: _Make) -> None:
    import torch

    torch.set_num_threads(1)
    _inherited[:] = [make]


def _shared(i: int) -> Record | tuple[str, str]:
    return _inherited[0](i)
