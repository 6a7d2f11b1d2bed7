"""Phrases with boxes in MS-CXR's columns: one line a box, boxes of one phrase share its text.

Source: Boecking et al., MS-CXR (PhysioNet, 2022), ``MS_CXR_Local_Alignment_v1.1.0.csv``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from maple_lib.data.datasets.ms_cxr_tables import COLUMNS, boxes_by_phrase, by_image, category, read_lines
from maple_lib.data.study import Phrase

__all__ = ["COLUMNS", "category", "read_phrases", "rows", "write_phrases"]


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
    return {
        name: tuple(Phrase(text, kind, boxes) for (text, kind), boxes in boxes_by_phrase(lines, path).items())
        for name, lines in by_image(read_lines(path)).items()
    }
