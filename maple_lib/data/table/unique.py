"""Every study and every image once: later ones of the same id are left out, and named."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from maple_lib.errors import MapleError

_COLUMNS = ["study_id", "images.list.element.image_id"]


def choose_unique(parts: Iterable[Path]) -> tuple[list[list[int] | None], list[MapleError]]:
    """Which rows of each part to keep.

    Returns:
        For each part the positions to keep, None for all of them; and an error for each row left out.
    """
    studies: set[str] = set()
    images: set[str] = set()
    chosen: list[list[int] | None] = []
    errors: list[MapleError] = []
    for path in parts:
        rows = pq.ParquetFile(path).read(columns=_COLUMNS, use_threads=False).to_pylist()
        keep = [place for place, row in enumerate(rows) if _is_new(row, studies, images, errors)]
        chosen.append(None if len(keep) == len(rows) else keep)
    return chosen, errors


def _is_new(row: dict[str, Any], studies: set[str], images: set[str], errors: list[MapleError]) -> bool:
    study, own = row["study_id"], [image["image_id"] for image in row["images"]]
    if study in studies:
        problem = "the same study_id as an earlier study"
    elif len(set(own)) < len(own) or not images.isdisjoint(own):
        problem = "an image that came before, in this or another study"
    else:
        studies.add(study)
        images.update(own)
        return True
    errors.append(MapleError(f"study {study}", problem, "left out; check the dataset's tables"))
    return False
