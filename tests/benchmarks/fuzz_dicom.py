"""Damage valid files at random: reading one must give an image or one clear error, soon and in little memory.

Run: python tests/benchmarks/fuzz_dicom.py [--count 10000] [--seed 0] [--real FOLDER]

Every kind of DICOM that this package writes, PNG and JPEG are damaged, and a folder's valid DICOMs beside
them. A child process reads; its parent notices when it dies or is silent, and goes on behind that file.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from maple_lib.data.dicom.write import COMPRESSIONS, DicomStyle, write_dicom
from maple_lib.data.read import read_image
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

HANG, MEMORY = 5.0, 1e9  # seconds, bytes
LARGEST = 600_000  # bytes of a file that is damaged: small files spend the time on reading, not on copying


@dataclass
class Outcome:
    """What became of the damaged files."""

    counts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    slowest: float = 0.0
    memory: float = 0.0

    def add(self, index: int, says: str, seconds: float, memory: float) -> None:
        """Count one file; anything but an image or an error is a problem."""
        self.counts[says.split(":")[0]] += 1
        self.slowest, self.memory = max(self.slowest, seconds), max(self.memory, memory)
        if says not in ("image", "error") or seconds > HANG or memory > MEMORY:
            self.problems.append(f"{index}: {says} after {seconds:.1f} s, {memory / 1e6:.0f} MB")


def pictures(rng: np.random.Generator) -> Iterator[bytes]:
    """PNG of 8 and 16 bits, with transparency and palette, and two JPEGs."""
    grey = Pillow.fromarray(rng.integers(0, 256, (48, 40), np.uint8))
    wide = Pillow.fromarray(rng.integers(0, 65536, (48, 40), np.uint16))
    for picture, kind in [
        (grey, "PNG"),
        (wide, "PNG"),
        (grey.convert("RGBA"), "PNG"),
        (grey.convert("P"), "PNG"),
    ]:
        yield encoded(picture, kind)
    yield encoded(grey, "JPEG")
    yield encoded(grey, "JPEG", progressive=True)


def encoded(picture: Pillow.Image, kind: str, **options: bool) -> bytes:
    """The bytes of a picture's file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def written(rng: np.random.Generator) -> Iterator[bytes]:
    """A DICOM of every style that this package writes."""
    study = Study("fuzz", "fuzz", lambda: Image(rng.random((40, 48), np.float32)))
    with tempfile.TemporaryDirectory() as folder:
        for style in product((8, 12, 16), (False, True), COMPRESSIONS):
            yield write_dicom(study, Path(folder) / "a.dcm", DicomStyle(*style)).read_bytes()


def readable(folder: Path) -> Iterator[bytes]:
    """The files of a folder that can be read and are not large."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_size <= LARGEST:
            try:
                read_image(path)
            except MapleError:
                continue
            yield path.read_bytes()


def seeds(real: Path | None) -> list[bytes]:
    """All valid files that are damaged."""
    rng = np.random.default_rng(0)
    return [*written(rng), *pictures(rng), *(readable(real) if real else ())]


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """Cut off, cut out, double, fill or change some bytes; half of it in the header, where it hurts most."""
    content = bytearray(whole)
    top = len(content) if rng.random() < 0.5 else min(len(content), 2000)
    at, length = int(rng.integers(top)), int(rng.integers(1, 200))
    match int(rng.integers(5)):
        case 0:
            return bytes(content[:at])
        case 1:
            del content[at : at + length]
        case 2:
            content[at:at] = content[at : at + length]
        case 3:
            content[at : at + length] = bytes([int(rng.choice([0, 255]))]) * length
        case _:
            for place in rng.integers(top, size=int(rng.integers(1, 30))):
                content[place] = int(rng.integers(256))
    return bytes(content)


def work(files: list[bytes], seed: int, start: int, stop: int, folder: str, answers: Connection) -> None:
    """Read damaged files one after the other, and tell the parent before and after each."""
    path = Path(folder) / "damaged"
    for index in range(start, stop):
        rng = np.random.default_rng([seed, index])
        path.write_bytes(damaged(files[int(rng.integers(len(files)))], rng))
        answers.send((index, "", 0.0, 0.0))
        begin = time.perf_counter()
        says = outcome(path)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (
            1 if sys.platform == "darwin" else 1024
        )
        answers.send((index, says, time.perf_counter() - begin, float(memory)))
    answers.close()


def outcome(path: Path) -> str:
    """``"image"``, ``"error"``, or what should not have happened."""
    try:
        pixels = read_image(path).pixels
    except MapleError as error:
        return "error" if str(error).startswith(f"{path}: ") else f"unnamed: {error}"
    except BaseException as error:
        return f"escaped: {error!r}"
    fine = pixels.ndim == 2 and pixels.size > 0 and 0 <= pixels.min() <= pixels.max() <= 1
    return "image" if fine else f"not an image: {pixels.shape} {pixels.min()} {pixels.max()}"


def fuzz(count: int, seed: int = 0, real: Path | None = None) -> Outcome:
    """Read ``count`` damaged files in a child process that may die; see the module."""
    files, result, start = seeds(real), Outcome(), 0
    with tempfile.TemporaryDirectory() as folder:
        while start < count:
            start = watch(files, seed, start, count, folder, result)
    return result


def watch(files: list[bytes], seed: int, start: int, stop: int, folder: str, result: Outcome) -> int:
    """Follow one child until it is done, dies or hangs; return where to go on."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=work, args=(files, seed, start, stop, folder, theirs))
    child.start()
    theirs.close()
    current, grace = start, 60.0  # the first answer waits for the imports
    try:
        while ours.poll(grace):
            index, says, seconds, memory = ours.recv()
            current, grace = index, 4 * HANG
            if says:
                result.add(index, says, seconds, memory)
                current = index + 1
        result.add(current, "hang", 4 * HANG, 0)
        child.kill()
    except EOFError:
        child.join()
        if current < stop:
            result.add(current, f"crash: exit code {child.exitcode}", 0, 0)
    return current + 1 if current < stop else stop


def main() -> None:
    """Print the counts, the worst time and memory, and every problem; exit code 1 if there is one."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    result = fuzz(options.count, options.seed, options.real)
    print(dict(result.counts), f"slowest {result.slowest:.2f} s, {result.memory / 1e6:.0f} MB")
    print("\n".join(result.problems) or "no problem")
    sys.exit(bool(result.problems))


if __name__ == "__main__":
    main()
