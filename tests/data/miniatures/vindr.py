"""VinDr-CXR with three training images, each read by three radiologists, and two test images."""

from __future__ import annotations

from pathlib import Path

from miniatures.small_files import write_csv, write_radiograph

CLASSES = (
    *("Aortic enlargement", "Atelectasis", "Calcification", "Cardiomegaly", "Clavicle fracture"),
    *("Consolidation", "Edema", "Emphysema", "Enlarged PA", "ILD", "Infiltration", "Lung Opacity"),
    *("Lung cavity", "Lung cyst", "Mediastinal shift", "Nodule/Mass", "Pleural effusion"),
    *("Pleural thickening", "Pneumothorax", "Pulmonary fibrosis", "Rib fracture", "Other lesion"),
    *("COPD", "Lung tumor", "Pneumonia", "Tuberculosis", "Other diseases", "No finding"),
)
NORMAL, HEART, MIXED = (f"{number:032x}" for number in (1, 2, 3))
TEST_SICK, TEST_NORMAL = (f"{number:032x}" for number in (4, 5))
# (image, radiologist) -> what is seen, with boxes x_min, y_min, x_max, y_max
TRAIN = {
    (NORMAL, "R1"): {"No finding": []},
    (NORMAL, "R2"): {"No finding": []},
    (NORMAL, "R3"): {"No finding": []},
    (HEART, "R1"): {"Cardiomegaly": [(4, 10, 20, 22)]},
    (HEART, "R8"): {"Cardiomegaly": [(5, 11, 21, 23)], "Rib fracture": [(1, 2, 3, 4)]},
    (HEART, "R9"): {"Cardiomegaly": [(4, 10, 19.5, 22)], "Aortic enlargement": [(9, 3, 14, 9)]},
    (MIXED, "R8"): {"Nodule/Mass": [(2, 2, 5, 5), (8, 8, 9, 9)], "Lung tumor": []},
    (MIXED, "R9"): {"Nodule/Mass": [(2, 2, 6, 5)], "Lung tumor": [], "Clavicle fracture": [(0, 1, 5, 3)]},
    (MIXED, "R10"): {"Clavicle fracture": [(0, 1, 5, 4)], "Rib fracture": [(7, 7, 9, 12)]},
}
TEST = {
    (TEST_SICK, ""): {"Pleural effusion": [(1, 20, 9, 29)], "Tuberculosis": []},
    (TEST_NORMAL, ""): {"No finding": []},
}


def build(root: Path) -> Path:
    """Write the dataset into a folder."""
    for split, seen, classes in (
        ("train", TRAIN, CLASSES),
        ("test", TEST, [name.replace("Other diseases", "Other disease") for name in CLASSES]),
    ):
        rad = ["rad_id"] if split == "train" else []
        labels, boxes = [], []
        for (image, reader), found in seen.items():
            who = [reader] if rad else []
            labels.append([image, *who, *(int(name in found) for name in classes)])
            for name, places in found.items():
                for box in places or [("", "", "", "")] * (name == "No finding"):
                    boxes.append([image, *who, name, *box])
            write_radiograph(root / split / f"{image}.dicom", (32, 40))
        folder = root / "annotations"
        write_csv(folder / f"image_labels_{split}.csv", ["image_id", *rad, *classes], labels)
        columns = ["image_id", *rad, "class_name", "x_min", "y_min", "x_max", "y_max"]
        write_csv(folder / f"annotations_{split}.csv", columns, boxes)
    return root
