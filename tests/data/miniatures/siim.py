"""The SIIM-ACR challenge with four images: none, one mask, two masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from miniatures.small_files import write_radiograph

STEM = "1.2.276.0.7230010.3.1.4.8323329.1000.1517875"
NONE, ONE, TWO, OTHER = (f"{STEM}{number}" for number in range(160, 164))
SIDE = 1024


def disc(row: int, column: int, radius: int) -> np.ndarray:
    """(1024, 1024) bool."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return (y - row) ** 2 + (x - column) ** 2 < radius**2


MASKS = {ONE: [disc(200, 300, 40)], TWO: [disc(100, 100, 30), disc(500, 800, 50)], NONE: [], OTHER: []}


def relative_runs(mask: np.ndarray) -> str:
    """Down the columns; each start is counted from the end of the run before."""
    flat = np.concatenate([[0], mask.T.ravel().astype(int), [0]])
    edges = np.flatnonzero(np.diff(flat))
    return " ".join(map(str, np.diff(edges, prepend=0)))


def build(root: Path, table: str = "train-rle.csv") -> Path:
    """Write the dataset into a folder; the first stage's table has a space before its second column."""
    root.mkdir(parents=True, exist_ok=True)
    space = " " if table == "train-rle.csv" else ""
    lines = [f"ImageId,{space}EncodedPixels"]
    for number, (name, masks) in enumerate(MASKS.items()):
        lines += [f"{name},{space}{relative_runs(mask)}" for mask in masks] or [f"{name},{space}-1"]
        folder = root / "dicom-images-train" / f"{name}.study" / f"{name}.series"
        write_radiograph(folder / f"{name}.dcm", (SIDE, SIDE), number)
    (root / table).write_text("".join(f"{line}\n" for line in lines))
    return root
