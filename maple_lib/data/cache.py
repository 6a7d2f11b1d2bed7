"""Decoded images, resized once and kept on disk: the second epoch reads no DICOM."""

from __future__ import annotations

import hashlib
import json
import os
import time
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.read import read_image
from maple_lib.data.resample import resize
from maple_lib.data.study import Image
from maple_lib.errors import MapleError

# Part of every key: raise it when reading or resizing changes, and old entries are no longer found.
VERSION = 2
_KEEP_SHARE = 0.9  # evict down to this share of the bound, so that not every write evicts
_COUNT_SHARE = 0.02  # count again after writing this share of the bound: other processes write too
_STALE = 3600.0  # seconds after which an unfinished file is nobody's any more


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a cached file: its array's key, and what the header said of the full image."""

    key: str
    shape: tuple[int, int]
    spacing: tuple[float, float] | None
    view: str | None
    flags: tuple[str, ...] = ()


class ImageCache:
    """Images of one size, found by their file and shared by their content.

    An array is stored under the digest of its file's bytes and of the transform; a small entry links a file
    (path, size, time of change) to it, so that a file is digested once and a changed file is read anew.
    Files appear by renaming, so that several processes can share a cache: at worst two do the same work.
    An array carries a checksum, which is compared when a process first opens it; a damaged array or entry is
    made again.

    Args:
        folder: where the cache lives; made if absent.
        size: length of the longer side in pixels, proportions kept.
        dtype: ``"uint8"`` (enough for training) or ``"uint16"``.
        max_bytes: bound of the arrays together; those used longest ago go first. Several processes that
            write at once may pass it by 2 % each for a moment.

    Example:
        >>> cache = ImageCache("cache", size=224)  # doctest: +SKIP
        >>> cache.read("image.dcm").pixels.shape  # doctest: +SKIP
        (224, 187)
    """

    def __init__(
        self,
        folder: str | Path,
        size: int = 224,
        dtype: Literal["uint8", "uint16"] = "uint8",
        max_bytes: int = 4_000_000_000,
    ) -> None:
        if size < 1:
            raise MapleError(f"size {size}", "not a size in pixels", "give at least 1")
        if dtype not in ("uint8", "uint16"):
            raise MapleError(f"dtype {dtype!r}", "not a type this cache stores", "give 'uint8' or 'uint16'")
        self.size, self.dtype, self.max_bytes = size, np.dtype(dtype), max_bytes
        self.entries, self.arrays = Path(folder) / "entries", Path(folder) / "arrays"
        for part in (self.entries, self.arrays):
            part.mkdir(parents=True, exist_ok=True)
        self._checked: set[str] = set()
        self._remove_stale()
        self._bytes, self._uncounted = sum(size for _, size, _ in self._files()), 0

    def read(self, path: str | Path) -> Image:
        """The image as ``read_image`` gives it, at the cache's size; spacing is scaled with it.

        Raises:
            MapleError: if the file cannot be read; nothing is cached then.
        """
        entry, array = self._get(Path(path))
        pixels = array.astype(np.float32) / np.float32(np.iinfo(self.dtype).max)
        spacing = _scaled(entry.spacing, entry.shape, array.shape)
        return Image(pixels, spacing, entry.view, Path(path).name, entry.flags)

    def array(self, path: str | Path) -> NDArray[Any]:
        """(h, w) of the cache's dtype, memory-mapped and read-only: no copy until it is used."""
        return self._get(Path(path))[1]

    def _get(self, path: Path) -> tuple[Entry, NDArray[Any]]:
        link = self.entries / self._link_name(path)
        found = self._find(link)
        return found if found is not None else self._make(path, link)

    def _link_name(self, path: Path) -> str:
        try:
            stat = path.stat()
        except OSError:
            raise MapleError(path, "no such file", "check the path") from None
        name = f"{path.absolute()}\0{stat.st_size}\0{stat.st_mtime_ns}\0{self._transform()}"
        return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest() + ".json"

    def _transform(self) -> str:
        return f"{VERSION}-{self.size}-{self.dtype.name}"

    def _find(self, link: Path) -> tuple[Entry, NDArray[Any]] | None:
        """The entry and its array, or None if either is missing or damaged."""
        try:
            fields = json.loads(link.read_bytes())
            spacing = fields["spacing"] and tuple(fields["spacing"])
            flags = tuple(fields["flags"])
            entry = Entry(fields["key"], tuple(fields["shape"]), spacing, fields["view"], flags)
            return entry, self._open(entry.key)
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            return None

    def _open(self, key: str) -> NDArray[Any]:
        file = self.arrays / f"{key}.npy"
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        if array.ndim != 2 or array.dtype != self.dtype:
            raise ValueError("not an array of this cache")
        if key not in self._checked:
            _check(file, array)
            self._checked.add(key)
        os.utime(file)  # the time of last use, by which eviction chooses
        return array

    def _make(self, path: Path, link: Path) -> tuple[Entry, NDArray[Any]]:
        image = read_image(path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        key = f"{digest}-{self._transform()}"
        entry = Entry(key, image.pixels.shape, image.spacing, image.view, image.flags)
        small = resize(image.pixels, self.size) * np.float32(np.iinfo(self.dtype).max)
        array = np.rint(small).astype(self.dtype)
        self._store(entry, array)
        _write(link, json.dumps(asdict(entry)).encode())
        return entry, array

    def _store(self, entry: Entry, array: NDArray[Any]) -> None:
        file = self.arrays / f"{entry.key}.npy"
        with NamedTemporaryFile(dir=self.arrays, suffix=".part", delete=False) as part:
            np.save(part, array)
            part.write(_checksum(array))  # behind the array, where numpy does not look
            size = part.tell()
        os.replace(part.name, file)
        self._bytes, self._uncounted = self._bytes + size, self._uncounted + size
        if self._bytes > self.max_bytes or self._uncounted > self.max_bytes * _COUNT_SHARE:
            self._evict(keep=file)

    def _remove_stale(self) -> None:
        """Remove what processes that were stopped have left unfinished."""
        for part in [*self.arrays.glob("*.part"), *self.entries.glob("*.part")]:
            with suppress(FileNotFoundError):
                if time.time() - part.stat().st_mtime > _STALE:
                    part.unlink()

    def _files(self) -> list[tuple[int, int, Path]]:
        """(last use, bytes, path) of every array; files that vanish meanwhile are left out."""
        files = []
        for file in self.arrays.glob("*.npy"):
            try:
                stat = file.stat()
            except FileNotFoundError:
                continue
            files.append((stat.st_mtime_ns, stat.st_size, file))
        return files

    def _evict(self, keep: Path) -> None:
        """Remove the arrays used longest ago; whoever has one open can go on reading it."""
        files = sorted(self._files())
        self._bytes, self._uncounted = sum(size for _, size, _ in files), 0
        if self._bytes <= self.max_bytes:
            return
        for _, size, file in files:
            if self._bytes <= self.max_bytes * _KEEP_SHARE:
                return
            if file != keep:
                file.unlink(missing_ok=True)
                self._bytes -= size


def _checksum(array: NDArray[Any]) -> bytes:
    return zlib.crc32(array.tobytes()).to_bytes(4, "little")


def _check(file: Path, array: NDArray[Any]) -> None:
    """Compare an array with the checksum behind it.

    Raises:
        ValueError: if they differ.
    """
    with file.open("rb") as stored:
        stored.seek(-4, os.SEEK_END)
        if stored.read() != _checksum(array):
            raise ValueError("a byte of the array has changed")


def _scaled(
    spacing: tuple[float, float] | None, full: tuple[int, int], small: tuple[int, ...]
) -> tuple[float, float] | None:
    """Millimetres between the pixels of the smaller image."""
    if spacing is None:
        return None
    return spacing[0] * full[0] / small[0], spacing[1] * full[1] / small[1]


def _write(path: Path, content: bytes) -> None:
    """Write a whole file or none."""
    with NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as part:
        part.write(content)
    os.replace(part.name, path)
