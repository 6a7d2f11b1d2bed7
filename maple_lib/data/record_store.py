"""Records on disk, mapped into memory: a corpus of any size, shared by all processes and never copied.

A store is a folder of plain arrays and one JSON file. Records are appended one by one while it is made; it
appears under its name when it is complete. What is read later is read by the operating system, page by page:
the memory of a process does not grow with the number of studies.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.record import Record
from maple_lib.errors import MapleError

VERSION = 1
CARD = "store.json"
Failure = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Rows of different lengths: one after the other, and where each begins."""

    values: NDArray[Any]
    starts: NDArray[np.int64]

    def __getitem__(self, i: int) -> NDArray[Any]:
        return self.values[self.starts[i] : self.starts[i + 1]]


class RecordStore(Sequence[Record]):
    """Records in a folder, opened without reading them.

    Args:
        folder: written by ``write_records``.

    Attributes:
        failures: (study, reason) of the studies that were left out when the store was made.

    Raises:
        MapleError: if the folder is no store, of another version, or a file is shorter than it should be.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        card = _read_card(self.folder)
        n, shape, grid = int(card["records"]), tuple(card["pixels"]), tuple(card["regions"])
        self.failures: tuple[Failure, ...] = tuple((str(a), str(b)) for a, b in card["failures"])
        self._pixels = self._map("pixels", np.uint8, (n, *shape))
        self._regions = self._map("regions", np.uint8, (n, *grid))
        self._statements = self._ragged("statements", np.int16, (4,))
        self._used = self._ragged("used", np.int32, ())
        self._ids = self._ragged("ids", np.uint8, ())
        self._sentences = self._ragged("sentences", np.uint8, ())
        self._length = n

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        """One record, its arrays views of the files; or a list of several."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = index + len(self) if index < 0 else index
        if not 0 <= i < len(self):
            raise IndexError(index)
        return Record(
            _text(self._ids[i]),
            self._pixels[i],
            self._regions[i],
            tuple(_text(self._sentences[int(s)]) for s in self._used[i]),
            self._statements[i],
        )

    def _ragged(self, name: str, dtype: type, tail: tuple[int, ...]) -> _Ragged:
        starts = np.load(self._file(f"{name}_starts.npy"), mmap_mode="r", allow_pickle=False)
        return _Ragged(self._map(name, dtype, (int(starts[-1]), *tail)), starts)

    def _map(self, name: str, dtype: type, shape: tuple[int, ...]) -> NDArray[Any]:
        path = self._file(f"{name}.bin")
        need = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if path.stat().st_size != need:
            raise MapleError(
                path, f"has {path.stat().st_size} bytes, should have {need}", f"remove {self.folder}"
            )
        return np.memmap(path, dtype, "r", shape=shape) if need else np.zeros(shape, dtype)

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise MapleError(path, "no such file: the store is not complete", f"remove {self.folder}")
        return path


def write_records(folder: str | Path, results: Iterable[Record | Failure]) -> RecordStore:
    """Write records one by one as they come, and open the store they make.

    Args:
        folder: appears when the store is complete; must not exist.
        results: records of one shape, or (study, reason) in the place of one that could not be made.

    Raises:
        MapleError: if there is not one record; the message holds the first reason.
    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        with _Writer(scratch) as writer:
            for result in results:
                writer.add(result)
        writer.finish()
        if not target.exists():
            scratch.rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return RecordStore(target)


class _Writer:
    """The open files of a store in the making."""

    NAMES = ("pixels", "regions", "statements", "used", "ids", "sentences")

    def __init__(self, folder: Path) -> None:
        self.folder, self.open = folder, ExitStack()
        self.files: dict[str, IO[bytes]] = {}
        self.starts: dict[str, list[int]] = {name: [0] for name in self.NAMES[2:]}
        self.numbers: dict[str, int] = {}  # sentence -> its row
        self.failures: list[Failure] = []
        self.shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self.count = 0

    def __enter__(self) -> _Writer:
        for name in self.NAMES:
            self.files[name] = self.open.enter_context((self.folder / f"{name}.bin").open("wb"))
        return self

    def __exit__(self, *_: object) -> None:
        self.open.close()

    def add(self, result: Record | Failure) -> None:
        if not isinstance(result, Record):
            self.failures.append(result)
            return
        self.shapes = self.shapes or (result.pixels.shape, result.regions.shape)
        self.files["pixels"].write(np.ascontiguousarray(result.pixels).tobytes())
        self.files["regions"].write(np.ascontiguousarray(result.regions).tobytes())
        self._append("statements", result.statements.astype(np.int16).tobytes(), len(result.statements))
        used = np.array([self._number(s) for s in result.sentences], np.int32)
        self._append("used", used.tobytes(), len(used))
        self._append_text("ids", result.study_id)
        self.count += 1

    def finish(self) -> None:
        if self.shapes is None:
            reason = self.failures[0][1] if self.failures else "there are none"
            raise MapleError("studies", f"none can be read; the first: {reason}", "check the source")
        for name, starts in self.starts.items():
            np.save(self.folder / f"{name}_starts.npy", np.array(starts, np.int64))
        card = {
            "version": VERSION,
            "records": self.count,
            "pixels": self.shapes[0],
            "regions": self.shapes[1],
            "failures": self.failures,
        }
        (self.folder / CARD).write_text(json.dumps(card) + "\n", encoding="utf-8")

    def _number(self, sentence: str) -> int:
        if sentence not in self.numbers:
            self.numbers[sentence] = len(self.numbers)
            self._append_text("sentences", sentence)
        return self.numbers[sentence]

    def _append_text(self, name: str, text: str) -> None:
        content = text.encode("utf-8", "surrogatepass")
        self._append(name, content, len(content))

    def _append(self, name: str, content: bytes, rows: int) -> None:
        self.files[name].write(content)
        self.starts[name].append(self.starts[name][-1] + rows)


def _text(content: NDArray[Any]) -> str:
    return content.tobytes().decode("utf-8", "surrogatepass")


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / CARD
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = card["version"]
        _ = [card[name] for name in ("records", "pixels", "regions", "failures")]
    except FileNotFoundError:
        raise MapleError(folder, f"holds no {CARD}", "give a folder of prepared records") from None
    except (ValueError, KeyError, TypeError):
        raise MapleError(path, "damaged", f"remove {folder}; it will be made again") from None
    if version != VERSION:
        raise MapleError(path, f"of version {version}, not {VERSION}", f"remove {folder}")
    return card
