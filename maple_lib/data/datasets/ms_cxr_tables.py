"""MS-CXR's two files, the CSV table and the COCO JSON, as the same lines.

The CSV has dicom_id, category_name, label_text, path, x, y, w, h, image_width, image_height, and from 1.1.0
on split. The JSON has ``categories`` (id, name), ``images`` (id, path, width, height) and ``annotations``
(image_id, category_id, bbox, label_text, from 1.1.0 on split); it does not name the DICOM apart from the
path's last part. Columns and fields are known from several public programs that read the official files; a
JSON of 1.0.0, and whether an image carries a split as well, were not seen.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any

from maple_lib.errors import MapleError

TITLE = "MS-CXR"
COLUMNS = (
    "category_name",
    "label_text",
    "path",
    "x",
    "y",
    "w",
    "h",
    "dicom_id",
    "image_width",
    "image_height",
    "split",
)
_NEEDED = ("category_name", "label_text", "path", "x", "y", "w", "h", "dicom_id")
_OLD = "v1.0.0"  # in the name of the file that has no splits
_REMEDY = "give MS-CXR's MS_CXR_Local_Alignment table"
# The names of MS-CXR's eight categories that differ from the finding's own name.
_CATEGORIES = {"opacity": "Lung Opacity"}
_FINDINGS = {category: finding for finding, category in _CATEGORIES.items()}
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One box and the words that it belongs to.

    Attributes:
        dicom_id: of the image.
        path: of the image as the file names it.
        text: the phrase.
        finding: canonical name.
        box: (x, y, width, height) in pixels, or None where the line holds none.
        split: as it stands, empty where there is none.
        size: (rows, columns) of the image, or None.
        where: the line in the file, for messages.
    """

    dicom_id: str
    path: str
    text: str
    finding: str
    box: Box | None
    split: str
    size: tuple[int, int] | None
    where: str


def category(finding: str) -> str:
    """MS-CXR's name of a finding: ``"Lung Opacity"``, ``"Pleural Effusion"``."""
    return _CATEGORIES.get(finding, finding.title())


def read_lines(path: Path) -> list[Line]:
    """All boxes of a file, ``.csv`` or ``.json``, in its order.

    Raises:
        MapleError: if the file is missing, damaged, or lacks a column or field.
    """
    if not path.is_file():
        raise MapleError(path, "no such file", "check the path")
    return list(_from_coco(path) if path.suffix == ".json" else _from_table(path))


def boxes_by_phrase(lines: Iterable[Line], path: Path) -> dict[tuple[str, str], tuple[Box, ...]]:
    """(Text, finding) -> all its boxes, of the lines of one image.

    Raises:
        MapleError: if a line holds no box; the message names file and line.
    """
    boxes: dict[tuple[str, str], tuple[Box, ...]] = {}
    for line in lines:
        if line.box is None:
            problem = f"{line.where}: a box that is not numbers with an area"
            raise MapleError(path, problem, f"compare it with the official file of {TITLE}")
        key = (line.text, line.finding)
        boxes[key] = (*boxes.get(key, ()), line.box)
    return boxes


def by_image(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """dicom_id -> its lines."""
    grouped: dict[str, list[Line]] = {}
    for line in lines:
        grouped.setdefault(line.dicom_id, []).append(line)
    return grouped


def _from_table(path: Path) -> Iterator[Line]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            needed = _NEEDED if _OLD in path.name else (*_NEEDED, "split")
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                have = ", ".join(reader.fieldnames or ()) or "nothing"
                raise MapleError(path, f"no column {', '.join(missing)}; it has {have}", _REMEDY)
            for number, line in enumerate(reader, start=2):
                cut = None in line.values()  # fewer cells than columns
                yield _line(line, None if cut else [line[name] for name in "xywh"], f"line {number}")
    except UnicodeDecodeError:
        raise MapleError(path, "no CSV table", _REMEDY) from None


def _from_coco(path: Path) -> Iterator[Line]:
    try:
        coco = json.loads(path.read_bytes())
        names = {item["id"]: item["name"] for item in coco["categories"]}
        images = {item["id"]: item for item in coco["images"]}
        for number, item in enumerate(coco["annotations"], start=1):
            image = images[item["image_id"]]
            fields = {
                "dicom_id": PurePosixPath(image["path"]).stem,
                "path": image["path"],
                "label_text": item["label_text"],
                "category_name": names[item["category_id"]],
                "split": item.get("split", image.get("split")),
                "image_width": image.get("width"),
                "image_height": image.get("height"),
            }
            yield _line(fields, item["bbox"], f"annotation {number}")
    except (KeyError, TypeError, AttributeError) as error:
        raise MapleError(path, f"other fields than MS-CXR's ({error!r})", _REMEDY) from None
    except ValueError as error:
        if isinstance(error, MapleError):
            raise
        raise MapleError(path, f"damaged JSON ({error})", f"download it again: {TITLE}") from None


def _line(fields: Mapping[str, Any], box: Any, where: str) -> Line:
    name = fields["category_name"] or ""
    return Line(
        fields["dicom_id"] or "",
        fields.get("path") or "",
        fields["label_text"] or "",
        _FINDINGS.get(name, name.lower()),
        _box(box),
        fields.get("split") or "",
        _size(fields.get("image_height"), fields.get("image_width")),
        where,
    )


def _box(values: Any) -> Box | None:
    try:
        x, y, w, h = (float(value) for value in values)
    except (TypeError, ValueError):
        return None
    return (x, y, w, h) if all(map(isfinite, (x, y, w, h))) and w > 0 and h > 0 else None


def _size(rows: Any, columns: Any) -> tuple[int, int] | None:
    try:
        return int(float(rows)), int(float(columns))
    except (TypeError, ValueError):
        return None
