"""Chest ImaGenome with four images: two of one examination, one of the gold set's patients."""

from __future__ import annotations

import json
from pathlib import Path

from miniatures.small_files import write_csv, write_picture

COLUMNS = ("subject_id", "study_id", "dicom_id", "path", "ViewPosition")
AP, PA, VALID, GOLD = "ap-1", "pa-1", "va-1", "go-1"
# dicom_id -> split, subject, study, view
IMAGES = {
    AP: ("train", "10000032", "50414267", "AP"),
    PA: ("train", "10000032", "50414267", "PA"),
    VALID: ("valid", "10000764", "57375967", "AP"),
    GOLD: ("test", "11000011", "51029426", "PA"),
}
BOXES = {
    "right lung": (2, 4, 14, 28),
    "left lung": (18, 4, 30, 28),
    "left lower lung zone": (18, 20, 30, 28),
    "cardiac silhouette": (10, 16, 24, 28),
    "right cardiophrenic angle": (8, 24, 12, 28),  # not one of the 29
    "svc": (0, 0, 0, 0),  # not visible
}
# region -> sentences of the report: (number, text, attributes)
SAID = {
    "left lower lung zone": [
        (12, "Left basal opacity, atelectasis.",
         ["anatomicalfinding|yes|lung opacity", "anatomicalfinding|yes|atelectasis", "nlp|yes|abnormal",
          "texture|yes|calcified"]),
    ],
    "left lung": [
        (9, "No pneumothorax is seen.", ["anatomicalfinding|no|pneumothorax"]),
        (12, "Left basal opacity, atelectasis.", ["anatomicalfinding|yes|lung opacity"]),
    ],
    "right lung": [(9, "No pneumothorax is seen.", ["anatomicalfinding|no|pneumothorax"])],
    "cardiac silhouette": [(3, "Sternotomy wires.", ["device|yes|sternotomy wires"])],
}  # fmt: skip


def image_path(dicom_id: str, suffix: str = ".dcm") -> str:
    _, subject, study, _ = IMAGES[dicom_id]
    return f"files/p{subject[:2]}/p{subject}/s{study}/{dicom_id}{suffix}"


def graph(dicom_id: str) -> dict[str, object]:
    _, subject, study, view = IMAGES[dicom_id]
    return {
        "image_id": dicom_id,
        "viewpoint": view,
        "patient_id": int(subject),
        "study_id": int(study),
        "gender": "F",
        "age_decile": "50-60",
        "reason_for_exam": "___",
        "StudyOrder": 1,
        "StudyDateTime": "2180-05-06 21:30:14 UTC",
        "objects": [_object(dicom_id, name, box) for name, box in BOXES.items()],
        "attributes": [_attributes(dicom_id, study, name, said) for name, said in SAID.items()],
        "relationships": [],
    }


def _object(dicom_id: str, name: str, box: tuple[int, ...]) -> dict[str, object]:
    original = dict(zip(("original_x1", "original_y1", "original_x2", "original_y2"), box, strict=True))
    small = {key.removeprefix("original_"): value * 7 for key, value in original.items()}
    return {
        "object_id": f"{dicom_id}_{name}",
        "bbox_name": name,
        "synsets": [],
        "name": name,
        **small,
        **original,
    }


def _attributes(dicom_id: str, study: str, name: str, said: list) -> dict[str, object]:
    return {
        name: True,
        "bbox_name": name,
        "synsets": [],
        "name": name,
        "attributes": [relations for _, _, relations in said],
        "attributes_ids": [[] for _ in said],
        "phrases": [text for _, text, _ in said],
        "phrase_IDs": [f"{study}|{number}" for number, _, _ in said],
        "sections": ["finalreport" for _ in said],
        "comparison_cues": [[] for _ in said],
        "temporal_cues": [[] for _ in said],
        "severity_cues": [[] for _ in said],
        "texture_cues": [[] for _ in said],
        "object_id": f"{dicom_id}_{name}",
    }


def build(root: Path) -> Path:
    """Write the scene graphs and the splits; those of the gold set are in a split and to be avoided."""
    silver = root / "silver_dataset"
    (silver / "scene_graph").mkdir(parents=True, exist_ok=True)
    for name in IMAGES:
        (silver / "scene_graph" / f"{name}_SceneGraph.json").write_text(json.dumps(graph(name)))
    for split in ("train", "valid", "test"):
        lines = [
            (number, subject, study, name, image_path(name), view)
            for number, (name, (part, subject, study, view)) in enumerate(IMAGES.items())
            if part == split
        ]
        write_csv(silver / "splits" / f"{split}.csv", ("", *COLUMNS), lines)
    _, subject, study, view = IMAGES[GOLD]
    write_csv(
        silver / "splits" / "images_to_avoid.csv", COLUMNS, [(subject, study, GOLD, image_path(GOLD), view)]
    )
    return root


def build_images(root: Path) -> Path:
    """Write the images as MIMIC-CXR-JPG has them."""
    for number, name in enumerate(IMAGES):
        write_picture(root / image_path(name, ".jpg"), (32, 32), number)
    return root
