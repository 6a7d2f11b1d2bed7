"""MS-CXR with four images of three examinations, as CSV and as COCO JSON, and the images of MIMIC-CXR."""

from __future__ import annotations

import json
from pathlib import Path

from miniatures.small_files import write_csv, write_picture, write_radiograph

COLUMNS = (
    "dicom_id", "category_name", "label_text", "path", "x", "y", "w", "h", "image_width", "image_height",
    "split",
)  # fmt: skip
CATEGORIES = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Lung Opacity", "Pleural Effusion", "Pneumonia",
    "Pneumothorax",
)  # fmt: skip
ROWS, COLS = 40, 32
FIRST, SECOND, SAME, OTHER = (f"{n}{n}aa-{n}" for n in "1234")
# dicom_id -> subject, study, split
IMAGES = {
    FIRST: ("10000032", "50414267", "train"),
    SECOND: ("10000764", "57375967", "val"),
    SAME: ("10000764", "57375967", "val"),
    OTHER: ("11000011", "51029426", "test"),
}
# dicom_id, category, text, box; two boxes of one phrase are two lines
BOXES = (
    (FIRST, "Pneumothorax", "small left apical pneumothorax", (18, 2, 8, 6)),
    (FIRST, "Lung Opacity", "opacities at both bases", (2, 26, 10, 8)),
    (FIRST, "Lung Opacity", "opacities at both bases", (18, 26, 10, 8)),
    (SECOND, "Cardiomegaly", "heart is enlarged", (10, 18, 14, 12)),
    (SAME, "Pleural Effusion", "right effusion", (2, 30, 9, 5)),
    (OTHER, "Edema", "mild edema", (4, 6, 24, 28)),
)


def image_path(dicom_id: str, suffix: str) -> str:
    subject, study, _ = IMAGES[dicom_id]
    return f"files/p{subject[:2]}/p{subject}/s{study}/{dicom_id}{suffix}"


def build(root: Path, version: str = "1.1.0", files: tuple[str, ...] = ("csv", "json")) -> Path:
    """Write the two tables; 1.0.0 has no splits."""
    root.mkdir(parents=True, exist_ok=True)
    stem, split = f"MS_CXR_Local_Alignment_v{version}", version != "1.0.0"
    columns = COLUMNS if split else COLUMNS[:-1]
    if "csv" in files:
        lines = [
            (name, kind, text, image_path(name, ".jpg"), *box, COLS, ROWS, IMAGES[name][2])[: len(columns)]
            for name, kind, text, box in BOXES
        ]
        write_csv(root / f"{stem}.csv", columns, lines)
    if "json" in files:
        (root / f"{stem}.json").write_text(json.dumps(coco(split)))
    return root


def coco(split: bool) -> dict[str, object]:
    """The same lines as COCO writes them."""
    names = list(IMAGES)
    images = [
        {"id": n, "file_name": f"{name}.jpg", "width": COLS, "height": ROWS, "path": image_path(name, ".jpg")}
        for n, name in enumerate(names)
    ]
    annotations = [
        {
            "id": number,
            "image_id": names.index(name),
            "category_id": CATEGORIES.index(kind) + 1,
            "bbox": list(box),
            "label_text": text,
            "width": COLS,
            "height": ROWS,
            **({"split": IMAGES[name][2]} if split else {}),
        }
        for number, (name, kind, text, box) in enumerate(BOXES)
    ]
    categories = [{"id": n, "name": name} for n, name in enumerate(CATEGORIES, start=1)]
    return {
        "info": {},
        "licenses": [],
        "categories": categories,
        "images": images,
        "annotations": annotations,
    }


def build_images(root: Path, suffix: str = ".jpg") -> Path:
    """Write the images as MIMIC-CXR-JPG or MIMIC-CXR has them."""
    write = write_picture if suffix == ".jpg" else write_radiograph
    for number, name in enumerate(IMAGES):
        write(root / image_path(name, suffix), (ROWS, COLS), number)
    return root
