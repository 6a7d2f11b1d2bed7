"""ChestX-Det with three training and two test images."""

from __future__ import annotations

import json
from pathlib import Path

from miniatures.small_files import write_picture

TRAIN = [
    {"file_name": "36204.png", "syms": [], "boxes": [], "polygons": []},
    {
        "file_name": "36205.png",
        "syms": ["Effusion", "Nodule", "Effusion"],
        "boxes": [[2, 20, 12, 28], [15, 4, 19, 9], [20, 20, 30, 28]],
        "polygons": [
            [[2, 20], [12, 28], [2, 28]],
            [[15, 4], [19, 4], [19, 9], [15, 9]],
            [[30, 20], [30, 28], [20, 28]],
        ],
    },
    {
        "file_name": "36206.png",
        "syms": ["Cardiomegaly", "Diffuse Nodule"],
        "boxes": [[8, 10, 24, 24], [4, 4, 28, 20]],
        "polygons": [[[8, 10], [24, 10], [16, 24]], []],
    },
]
TEST = [
    {"file_name": "36199.png", "syms": [], "boxes": [], "polygons": []},
    {
        "file_name": "36302.png",
        "syms": ["Pleural Thickening"],
        "boxes": [[1, 1, 4, 9]],
        "polygons": [[[1, 1], [4, 1], [4, 9], [1, 9]]],
    },
]


def build(root: Path) -> Path:
    """Write the dataset into a folder."""
    root.mkdir(parents=True, exist_ok=True)
    for split, items in (("train", TRAIN), ("test", TEST)):
        (root / f"ChestX_Det_{split}.json").write_text(json.dumps(items))
        for item in items:
            write_picture(root / f"{split}_data" / str(item["file_name"]))
    return root
