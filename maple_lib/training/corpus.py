"""The corpus: compact records on disk, made once by worker processes, drawn in a reproducible order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_all_start_methods, get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from maple_lib.data.batch import Batch, collate
from maple_lib.data.record import Record, make_record
from maple_lib.data.record_store import RecordStore, write_records
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.training.content import content_key
from maple_lib.training.disk import writing

_REMEDY = "give a dataset with reports, such as mimic-cxr, open-i or chexpert-plus"
_Make = Callable[[int], Record | tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Records of all readable studies, and the reasons why others were left out."""

    records: Sequence[Record]
    failures: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, step: int, size: int, seed: int) -> Batch:
        """The batch of a step: epochs are shuffled anew, each study comes at most once per epoch.

        The order depends on ``seed`` and ``step`` alone, so that a resumed run goes on where it was.
        """
        size = min(size, len(self.records))
        per_epoch = len(self.records) // size
        epoch, k = divmod(step, per_epoch)
        order = _order(len(self.records), seed, epoch)
        return collate(self._heard([self.records[int(i)] for i in order[k * size : (k + 1) * size]], order))

    def batches(self, steps: range, size: int, seed: int) -> Iterator[Batch]:
        """The batches of some steps, each put together while the one before is used."""
        with ThreadPoolExecutor(1) as pool:
            waiting = [pool.submit(self.batch, step, size, seed) for step in steps[:1]]
            for step in steps:
                batch = waiting.pop().result()
                if step != steps[-1]:
                    waiting.append(pool.submit(self.batch, step + steps.step, size, seed))
                yield batch

    def _heard(self, drawn: list[Record], order: NDArray[np.int64]) -> list[Record]:
        """The records drawn; where no report of theirs states anything, the last gives way to one that does.

        There is nothing to encode in a batch without a sentence: small batches of normal studies can be such.
        """
        if any(record.sentences for record in drawn):
            return drawn
        said = (self.records[int(i)] for i in order)
        return [*drawn[:-1], next((record for record in said if record.sentences), drawn[-1])]


@lru_cache(maxsize=2)
def _order(n: int, seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, epoch]).permutation(n)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How studies become records.

    Attributes:
        size: side of the images in pixels.
        grid: patch grid (h, w).
        triplets: ``"parsed"`` or ``"given"``, see ``make_record``.
    """

    size: int
    grid: tuple[int, int]
    triplets: str = "parsed"


def build_corpus(
    studies: Sequence[Study],
    recipe: Recipe,
    cache: Path,
    workers: int = 1,
    progress: bool = True,
    name: str = "studies",
) -> Corpus:
    """Read, parse and shrink every study once; unreadable ones and those without a report are left out.

    How many are left out is said in a warning, with the first reason.

    The records go to a folder of ``cache`` whose name is made of the studies' content and the recipe. The
    next run with both opens it at once.

    Args:
        studies: what to train on.
        recipe: how they become records.
        cache: folder of all records.
        workers: processes that read studies.
        progress: show a bar.
        name: what errors call the studies: where they come from.

    Raises:
        MapleError: if no study can be read, the message holds the first reason; or no report states anything.
    """
    if len(studies) and not any(study.report.strip() for study in studies):  # before any image is read
        raise MapleError(name, f"no report to train on: none of {len(studies)} studies has one", _REMEDY)
    folder = cache / content_key(studies, recipe)
    if not folder.exists():
        make = partial(_try_record, studies, recipe)
        made = tqdm(_map(make, len(studies), workers), "preparing", len(studies), disable=not progress)
        with writing(folder, "nothing is kept of it"):
            write_records(folder, made)
    store = RecordStore(folder)
    if store.failures:
        first = store.failures[0][1]
        warnings.warn(f"{len(store.failures)} studies left out; the first: {first}", stacklevel=2)
    if not any(record.sentences for record in store):
        raise MapleError(
            name,
            f"no report to train on: none of {len(store)} states a finding",
            "give reports in English; `maple parse FILE` shows what is read in one",
        )
    return Corpus(store, store.failures)


def _try_record(studies: Sequence[Study], recipe: Recipe, i: int) -> Record | tuple[str, str]:
    study = studies[i]
    if not study.report.strip():
        return (str(i), f"study {study.study_id}: no report")
    try:
        return make_record(study, recipe.size, recipe.grid, recipe.triplets)
    except MapleError as error:
        return (str(i), str(error))
    except OSError as error:  # of the study's file: writing is another's business
        return (str(i), f"study {study.study_id}: {error}")


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
