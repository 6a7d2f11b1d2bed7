"""CheXmask's tables: run lengths of both lungs and the heart, one line an image.

``Left Lung``, ``Right Lung``, ``Heart`` are runs on ``Height`` x ``Width`` pixels, counted from 1, row by
row; ``Dice RCA (Mean)`` says how far they may be trusted. Sides are the patient's: the left lung lies on the
right of the picture. The heart overlaps the lungs. Columns, sides and runs were checked against the public
sample table of the CheXmask repository. A field of landmarks may hold line breaks, and a table has gigabytes,
so lines are found once and read when they are asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from maple_lib.data.mask_codes import from_kaggle
from maple_lib.data.rows import RegionRow
from maple_lib.errors import MapleError

SOURCE = "chexmask"
REGIONS = {"Left Lung": "left lung", "Right Lung": "right lung", "Heart": "cardiac silhouette"}
# Each of the five tables calls its images as the dataset itself does.
NAME_COLUMNS = ("Image Index", "dicom_id", "Path", "ImageID", "image_id", "Image ID")
_NEEDED = (*REGIONS, "Dice RCA (Mean)", "Height", "Width")
_AGAIN = "use CheXmask's table of this dataset, from the folder OriginalResolution"


class ChexmaskTable(Mapping[str, tuple[RegionRow, ...]]):
    """Image name -> its regions, read from the table when they are asked for.

    Args:
        path: a CSV table of CheXmask, unpacked.

    Raises:
        MapleError: if it is missing, packed, or lacks a column.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.suffix == ".gz":
            raise MapleError(self.path, "packed, and lines of it are read one by one", "unpack it: gunzip -k")
        self._columns = self._header()
        name = next(column for column in NAME_COLUMNS if column in self._columns)
        self._lines = self._find_lines(self._columns[name])

    def __getitem__(self, name: str) -> tuple[RegionRow, ...]:
        """The regions of an image, under its name in the table.

        Raises:
            MapleError: if its line is damaged.
            KeyError: if the table has no such image.
        """
        return self._regions(name, name, None)

    def __contains__(self, name: object) -> bool:
        """Whether the table has an image; its line is not read."""
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def regions(
        self, name: str, image_id: str, shape: tuple[int, int] | None = None
    ) -> tuple[RegionRow, ...]:
        """The regions of an image under another id; none where the table has no such image.

        Args:
            name: as the table calls it.
            image_id: what the regions shall belong to.
            shape: (H, W) of the image where it is known.

        Raises:
            MapleError: if its line is damaged, or made for an image of another size.
        """
        return self._regions(name, image_id, shape) if name in self._lines else ()

    def size(self, name: str) -> tuple[int, int] | None:
        """(H, W) of the image that the masks were drawn on; None where the table has no such image.

        A file of another size is then found; its masks would lie askew and nobody would know.

        Raises:
            MapleError: if its line is damaged.
        """
        return self._size(name, self._fields(name)) if name in self._lines else None

    def require_any(self, names: Iterable[str], dataset: str) -> ChexmaskTable:
        """The table itself.

        Raises:
            MapleError: if it knows none of these images: it is another dataset's table.
        """
        if not any(name in self._lines for name in names):
            raise MapleError(self.path, f"knows no image of {dataset}", _AGAIN)
        return self

    def _header(self) -> dict[str, int]:
        try:
            with self.path.open(newline="", encoding="utf-8-sig") as file:
                names = next(csv.reader(file), [])
        except FileNotFoundError:
            raise MapleError(self.path, "no such file", _AGAIN) from None
        except (OSError, UnicodeDecodeError) as error:
            raise MapleError(self.path, f"not a CSV table ({type(error).__name__})", _AGAIN) from None
        missing = [column for column in _NEEDED if column not in names]
        if not set(NAME_COLUMNS) & set(names):
            missing.append(" or ".join(NAME_COLUMNS))
        if missing:
            raise MapleError(self.path, f"no column {', '.join(missing)}", _AGAIN)
        if "Preprocessed" in self.path.parts and "Image Index" not in names:
            raise MapleError(self.path, "masks of padded images of 1024 x 1024, not of the originals", _AGAIN)
        return {column: place for place, column in enumerate(names)}

    def _find_lines(self, column: int) -> dict[str, tuple[int, int]]:
        """Image name -> where its line begins and how long it is, in bytes."""
        found: dict[str, tuple[int, int]] = {}
        with self.path.open("rb") as file:
            for start, record in _records(file):
                name = record.split(b",", column + 1)[column].strip(b' "\r\n')
                found[name.decode("utf-8", "replace")] = (start, len(record))
        return found

    def _regions(self, name: str, image_id: str, shape: tuple[int, int] | None) -> tuple[RegionRow, ...]:
        fields = self._fields(name)
        try:
            size = self._size(name, fields)
            trust = float(fields["Dice RCA (Mean)"])
            if shape is not None and shape != size:
                raise MapleError("mask", f"of {size} pixels for an image of {shape}", _AGAIN)
            codes = {region: from_kaggle(fields[column], size) for column, region in REGIONS.items()}
        except MapleError as error:
            if error.subject != "mask":
                raise
            raise MapleError(
                f"{self.path}, image {name}", f"{error.subject}: {error.problem}", _AGAIN
            ) from None
        except (KeyError, ValueError):
            raise self._cut_off(name) from None
        trust = min(1.0, max(0.0, trust))
        return tuple(
            RegionRow(image_id, region, None, code, SOURCE, trust) for region, code in codes.items() if code
        )

    def _size(self, name: str, fields: Mapping[str, str]) -> tuple[int, int]:
        try:
            return int(float(fields["Height"])), int(float(fields["Width"]))
        except (KeyError, ValueError, OverflowError):
            raise self._cut_off(name) from None

    def _cut_off(self, name: str) -> MapleError:
        problem = "a line without Height, Width and Dice RCA (Mean), or cut off"
        return MapleError(f"{self.path}, image {name}", problem, _AGAIN)

    def _fields(self, name: str) -> dict[str, str]:
        start, length = self._lines[name]
        with self.path.open("rb") as file:
            file.seek(start)
            record = file.read(length).decode("utf-8", "replace")
        try:
            values = next(csv.reader(record.splitlines(keepends=True)), [])
        except csv.Error:
            values = []
        return {column: values[place] for column, place in self._columns.items() if place < len(values)}


def _records(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Start and bytes of each record but the header; quoted fields may hold line breaks."""
    start, position, parts, open_quote = 0, 0, [], False
    for line in file:
        parts.append(line)
        position += len(line)
        open_quote ^= line.count(b'"') % 2 == 1
        if open_quote:
            continue
        if start and line.strip():
            yield start, b"".join(parts)
        start, parts = position, []


def regions_by_image(path: str | Path) -> ChexmaskTable:
    """The masks of a CheXmask table, by image, for joining them to another dataset.

    Args:
        path: such as ``OriginalResolution/MIMIC-CXR-JPG.csv``; names are those of its first column
            (``dicom_id``, ``Image Index``, ``Path``, ``ImageID``, ``image_id``).

    Raises:
        MapleError: if it is missing, packed, or lacks a column.
    """
    return ChexmaskTable(path)
