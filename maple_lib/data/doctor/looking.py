"""Look at every image once: a few numbers of each are kept, the pixels are not."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.doctor.corpus import Pictures, load
from maple_lib.data.doctor.hashing import PRINT_SIZE, fingerprint
from maple_lib.data.polarity import bone_brightness
from maple_lib.data.resample import resize
from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from concurrent.futures import Future

State = Literal["read", "missing", "unreadable", "unknown"]
SIDE = 128  # everything but the size is measured on an image this small
_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Look:
    """What is kept of an image.

    Attributes:
        state: ``"read"``, ``"missing"``, ``"unreadable"``, or ``"unknown"`` where no file is known.
        problem: why it could not be read.
        shape: (H, W) in pixels; (0, 0) where it was not read.
        view: what the file itself says.
        spread: range of the middle 98 % of the pixels, in [0, 1].
        polarity: as ``bone_brightness`` gives it.
        bits, print: its fingerprint.
    """

    state: State
    problem: str = ""
    shape: tuple[int, int] = (0, 0)
    view: str | None = None
    spread: float = 0.0
    polarity: float = 0.0
    bits: int = 0
    print: NDArray[np.int8] | None = None


def look(picture: Pictures | None) -> Look:
    """Read one image and measure it; whatever goes wrong is part of the answer."""
    if picture is None:
        return Look("unknown")
    if isinstance(picture, Path) and not picture.is_file():
        return Look("missing", "no such file")
    try:
        return _measure(picture)
    except MapleError as error:
        gone = error.problem == "no such file"
        return Look("missing" if gone else "unreadable", error.problem)
    except (MemoryError, RecursionError) as error:
        return Look("unreadable", type(error).__name__)


def glance(picture: Pictures | None) -> Look:
    """See whether the file is there, without reading it."""
    if isinstance(picture, Path) and not picture.is_file():
        return Look("missing", "no such file")
    return Look("unknown")


def _measure(picture: Pictures) -> Look:
    image = load(picture)
    if not np.isfinite(image.pixels).all():
        return Look("unreadable", "holds NaN or infinite pixels")
    small = resize(image.pixels, SIDE)
    low, high = np.percentile(small, (1, 99))
    bits, fine = fingerprint(small)
    height, width = image.pixels.shape
    return Look(
        "read", "", (height, width), image.view, float(high - low), bone_brightness(small), bits, fine
    )


def look_at_all(pictures: Sequence[Pictures | None], workers: int, progress: bool) -> list[Look]:
    """Look at all images, in order, on several processes where there are many."""
    stream: Iterable[Look]
    if workers > 1 and len(pictures) > 2 * _CHUNK and _travels(pictures):
        stream = _in_processes(pictures, workers)
    else:
        stream = map(look, pictures)
    if progress:
        from tqdm.auto import tqdm

        stream = tqdm(stream, total=len(pictures), desc="images", unit="image")
    return list(stream)


def _travels(pictures: Sequence[Pictures | None]) -> bool:
    """Files do; a function does if it can be sent to another process."""
    first = next((each for each in pictures if each is not None), None)
    try:
        pickle.dumps(first)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


def _in_processes(pictures: Sequence[Pictures | None], workers: int) -> Iterator[Look]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # "fork" needs no importable main module, so scripts without a guard and notebooks work.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context(method)) as pool:
        waiting: deque[Future[list[Look]]] = deque()
        stream = iter(pictures)
        while chunk := list(islice(stream, _CHUNK)):
            waiting.append(pool.submit(_look_at, chunk))
            if len(waiting) >= 4 * workers:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _look_at(chunk: Sequence[Pictures | None]) -> list[Look]:
    return [look(each) for each in chunk]


def prints_of(looks: Sequence[Look]) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.int8]]:
    """Rows of the images that were read, their hashes and their prints."""
    kept = [(i, each.bits, each.print) for i, each in enumerate(looks) if each.print is not None]
    prints = np.zeros((len(kept), PRINT_SIZE), np.int8)
    for k, (_, _, fine) in enumerate(kept):
        prints[k] = fine
    hashes = np.array([bits for _, bits, _ in kept], np.uint64)
    return np.array([i for i, _, _ in kept], np.int64), hashes, prints
