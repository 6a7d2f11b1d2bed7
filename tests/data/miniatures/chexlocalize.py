"""CheXlocalize with three validation images of two patients and three test images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from miniatures.small_files import write_csv, write_picture

SHAPE = (24, 32)
TASKS = (
    *("Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Lesion", "Lung Opacity", "Edema"),
    *("Consolidation", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Support Devices"),
)
COLUMNS = (
    *("No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema"),
    *("Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other"),
    *("Fracture", "Support Devices"),
)
# image -> findings; None: the image is in the label table only, as 169 of the test images are
VAL = {
    "patient64541_study1_view1_frontal": ("Cardiomegaly", "Lung Opacity"),
    "patient64541_study1_view2_lateral": ("Cardiomegaly",),
    "patient64542_study1_view1_frontal": (),
}
TEST = {
    "patient64741_study1_view1_frontal": ("Pleural Effusion", "Support Devices"),
    "patient64741_study2_view1_frontal": ("Pleural Effusion",),
    "patient64742_study1_view1_frontal": None,
}


def mask_of(task: str) -> np.ndarray:
    """(24, 32) bool: a triangle that differs with the finding."""
    place = TASKS.index(task)
    return np.triu(np.ones(SHAPE, bool), place) & ~np.triu(np.ones(SHAPE, bool), place + 6)


def coco(mask: np.ndarray) -> dict[str, object]:
    """Counts down the columns in the compressed text of pycocotools."""
    flat = np.concatenate([[False], mask.T.ravel()])
    counts = np.diff(np.flatnonzero(np.diff(flat)), prepend=0, append=mask.size).tolist()
    return {"size": list(mask.shape), "counts": compressed(counts)}


def compressed(counts: list[int]) -> str:
    """Five bits a letter; from the fourth number on, the difference to the last but one."""
    text = ""
    for place, count in enumerate(counts):
        rest, more = count - (counts[place - 2] if place > 2 else 0), True
        while more:
            bits, rest = rest & 31, rest >> 5
            more = rest != (-1 if bits & 16 else 0)
            text += chr((bits | (32 if more else 0)) + 48)
    return text


def build(root: Path) -> Path:
    """Write the dataset into a folder."""
    for part, images in (("val", VAL), ("test", TEST)):
        masks = {
            name: {task: coco(mask_of(task) & (task in found)) for task in TASKS}
            for name, found in images.items()
            if found is not None
        }
        path = root / "CheXlocalize" / f"gt_segmentations_{part}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(masks))
        lines = []
        for name, found in images.items():
            place = "/".join(name.split("_", 2)) + ".jpg"
            write_picture(root / "CheXpert" / part / place, SHAPE)
            shown = f"CheXpert-v1.0/valid/{place}" if part == "val" else f"test/{place}"
            lines.append([shown, *(float(column in (found or ())) for column in COLUMNS)])
        write_csv(root / "CheXpert" / f"{part}_labels.csv", ("Path", *COLUMNS), lines)
    return root
