"""Phrases with boxes in MS-CXR's columns: one line a box, boxes of one phrase share its text.

Source: Boecking et al., MS-CXR (PhysioNet, 2022), ``MS_CXR_Local_Alignment_v1.1.0.csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from maple_lib.data.study import Phrase
from maple_lib.errors import MapleError

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
_NEEDED = ("category_name", "label_text", "x", "y", "w", "h", "dicom_id")
# The names of MS-CXR's eight categories that differ from the finding's own name.
_CATEGORIES = {"opacity": "Lung Opacity"}
_FINDINGS = {category: finding for finding, category in _CATEGORIES.items()}


def category(finding: str) -> str:
    """MS-CXR's name of a finding: ``"Lung Opacity"``, ``"Pleural Effusion"``."""
    return _CATEGORIES.get(finding, finding.title())


def rows(
    dicom_id: str, path: str, shape: tuple[int, int], split: str, phrases: Iterable[Phrase]
) -> list[dict[str, str | float]]:
    """The lines of one image, (x, y) being the upper left corner of each box in pixels."""
    common: dict[str, str | float] = {
        "path": path,
        "dicom_id": dicom_id,
        "image_width": shape[1],
        "image_height": shape[0],
        "split": split,
    }
    return [
        {
            "category_name": category(phrase.finding),
            "label_text": phrase.text,
            **dict(zip("xywh", box, strict=True)),
            **common,
        }
        for phrase in phrases
        for box in phrase.boxes
    ]


def write_phrases(path: Path, lines: Iterable[dict[str, str | float]]) -> None:
    """Write the table."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def read_phrases(path: Path) -> dict[str, tuple[Phrase, ...]]:
    """dicom_id -> its phrases, each with all its boxes.

    Raises:
        MapleError: if the file is missing, lacks a column, or a box is not numbers.
    """
    grouped: dict[str, dict[tuple[str, str], list[tuple[float, float, float, float]]]] = {}
    for number, line in enumerate(_lines(path), start=2):
        try:
            x, y, w, h = (float(line[name]) for name in "xywh")
        except (TypeError, ValueError):
            raise MapleError(path, f"line {number}: a box that is not numbers", "download it again") from None
        phrases = grouped.setdefault(line["dicom_id"], {})
        phrases.setdefault((line["label_text"], line["category_name"]), []).append((x, y, w, h))
    return {
        name: tuple(Phrase(text, _finding(kind), tuple(boxes)) for (text, kind), boxes in found.items())
        for name, found in grouped.items()
    }


def _finding(name: str) -> str:
    return _FINDINGS.get(name, name.lower())


def _lines(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                remedy = "give MS-CXR's MS_CXR_Local_Alignment table"
                raise MapleError(path, f"no column {', '.join(missing)}", remedy)
            return list(reader)
    except FileNotFoundError:
        raise MapleError(path, "no such file", "check the path") from None
