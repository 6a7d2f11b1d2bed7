"""Little image files and tables for the miniatures of public datasets: made by rule, of nobody."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image as Picture

from maple_lib.data.dicom.write import DicomStyle, write_dicom
from maple_lib.data.study import Image, Study


def pattern(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    """(H, W) float32 in [0, 1]: waves that differ with the seed."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    waves = np.sin(x / shape[1] * (3 + seed)) + np.cos(y / shape[0] * (5 + seed))
    return ((waves + 2) / 4).astype(np.float32)


@cache
def _picture(shape: tuple[int, int], seed: int, kind: str) -> bytes:
    file = BytesIO()
    Picture.fromarray(np.uint8(pattern(shape, seed) * 255)).save(file, kind)
    return file.getvalue()


@cache
def _radiograph(shape: tuple[int, int], seed: int) -> bytes:
    image = Image(pattern(shape, seed), view="PA")
    with TemporaryDirectory() as folder:
        study = Study(f"miniature-{seed}", f"miniature-{seed}", lambda: image)
        return write_dicom(study, Path(folder) / "x.dcm", DicomStyle(bits=8)).read_bytes()


def write_picture(path: Path, shape: tuple[int, int] = (32, 32), seed: int = 0) -> None:
    """A grey PNG or JPEG, by the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_picture(shape, seed, "PNG" if path.suffix == ".png" else "JPEG"))


def write_radiograph(path: Path, shape: tuple[int, int] = (32, 32), seed: int = 0) -> None:
    """A DICOM of 8 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_radiograph(shape, seed))


def write_csv(path: Path, header: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """A table as spreadsheets write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


def change(path: Path, old: str, new: str) -> None:
    """Damage a text file in one place."""
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), "utf-8")
