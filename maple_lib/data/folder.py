"""The simplest dataset: a folder of images, each with a report of the same name."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from maple_lib.data.read import sniff
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.data.study import Study
from maple_lib.data.study_list import StudyList
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet

# Tabs, line ends and form feeds are in texts; so is the 26 with which old systems end a file.
_CONTROL = bytes(byte for byte in (*range(32), 127) if byte not in b"\t\n\v\f\r\x1a")
SUFFIXES = {".dcm", ".dicom", ".png", ".jpg", ".jpeg"}


class FolderSource:
    """Images of a folder and of those inside it, sorted by path, each a study.

    Args:
        root: the folder.

    Raises:
        MapleError: if there is no such folder, or no image in it.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise MapleError(self.root, "no such folder", "check the path")
        self.files = sorted(p for p in self.root.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not self.files:
            kinds = ", ".join(sorted(SUFFIXES))
            problem = "no images in this folder"
            raise MapleError(self.root, problem, f"put images ({kinds}) and .txt reports there")
        first: dict[str, int] = {}
        for place, path in enumerate(self.files):
            first.setdefault(self._name(path), place)
        self._first = set(first.values())

    @property
    def fingerprint(self) -> str:
        """Changes with the names of the images."""
        names = "\n".join(path.relative_to(self.root).as_posix() for path in self.files)
        return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()[:16]

    def __len__(self) -> int:
        return len(self.files)

    def rows(self, start: int, stop: int) -> Iterator[StudyRow | MapleError]:
        """Studies ``start`` to ``stop``; an error in the place of one that is no image."""
        for place in range(start, min(stop, len(self.files))):
            try:
                yield self._row(place)
            except MapleError as error:
                yield error

    def _row(self, place: int) -> StudyRow:
        path = self.files[place]
        sniff(path)
        if place not in self._first:
            raise MapleError(path, "another image has the same name", "rename one of them")
        name = self._name(path)
        image = ImageRow(name, path.relative_to(self.root).as_posix())
        return StudyRow("folder", name, name, (image,), read_report(path.with_suffix(".txt")))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).with_suffix("").as_posix()


def open_source(root: str | Path) -> FolderSource:
    """Open a folder of images, as ``datasets.open_dataset`` opens an official download."""
    return FolderSource(root)


def read_folder(root: str | Path, parse: bool = True) -> StudyList:
    """Load ``scan.dcm`` (or png, jpg) with ``scan.txt`` beside it, in this folder and those inside it.

    Images are opened now, to see that they are images, and decoded when they are first used. An image without
    a report has an empty one. What cannot be used is skipped, named in a warning and kept in ``.failures``.

    Args:
        root: the folder.
        parse: read the reports' triplets now.

    Raises:
        MapleError: if there is no such folder, or no image in it.
    """
    from maple_lib.data.table.studies import study_from_row

    source = FolderSource(root)
    studies: list[Study] = []
    failures: list[MapleError] = []
    for row in source.rows(0, len(source)):
        if isinstance(row, MapleError):
            failures.append(row)
        else:
            row = replace(row, triplets=triplets_of(row.report)) if parse else row
            studies.append(study_from_row(row, source.root))
    return StudyList(studies, failures).warn()


def read_report(path: Path) -> str:
    """The text of a report, empty if there is none.

    A file that begins with a mark of its encoding (UTF-8, UTF-16) is read so; another as UTF-8, or as
    Latin-1 where it is not UTF-8.

    Raises:
        MapleError: if there is one that cannot be read, or that holds bytes no text has.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        problem = f"a report that cannot be read ({error.strerror or type(error).__name__})"
        raise MapleError(path, problem, "check its rights, or copy it again") from None
    try:
        return _text(content)
    except ValueError:
        problem = "no text: it holds bytes that no report has"
        raise MapleError(path, problem, "save the report as plain text, in UTF-8") from None


def _text(content: bytes) -> str:
    """The text of a file.

    Raises:
        ValueError: if it holds NUL or other control bytes: Latin-1 would make letters of any garbage.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    if len(content.translate(None, _CONTROL)) < len(content):
        raise ValueError
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def triplets_of(report: str) -> tuple[Triplet, ...]:
    """The statements of a report; none of an empty one."""
    if not report.strip():
        return ()
    from maple_lib.reports import parse

    return tuple(parse(report).triplets)
