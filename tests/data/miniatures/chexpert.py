"""CheXpert and CheXpert Plus with five images of four examinations."""

from __future__ import annotations

import json
from pathlib import Path

from miniatures.small_files import write_csv, write_picture

LABELS = (
    "No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax", "Pleural Effusion", "Pleural Other",
    "Fracture", "Support Devices",
)  # fmt: skip
COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *LABELS)
# path -> direction, labels
IMAGES = {
    "train/patient00001/study1/view1_lateral": ("", {"Support Devices": 1.0, "Edema": -1.0}),
    "train/patient00001/study1/view2_frontal": ("AP", {"Support Devices": 1.0, "Edema": -1.0}),
    "train/patient00001/study2/view1_frontal": ("PA", {"No Finding": 1.0}),
    "train/patient00002/study1/view1_frontal": ("LL", {"Pleural Other": 1.0, "Fracture": 0.0}),
    "valid/patient64541/study1/view1_frontal": ("AP", {"Cardiomegaly": 1.0}),
}
PLUS_COLUMNS = (
    "path_to_image", "path_to_dcm", "frontal_lateral", "ap_pa", "deid_patient_id",
    "patient_report_date_order", "report", "section_narrative", "section_clinical_history",
    "section_history", "section_comparison",
    "section_technique", "section_procedure_comments", "section_findings", "section_impression",
    "section_end_of_impression", "section_summary", "section_accession_number", "age", "sex", "race",
    "ethnicity", "interpreter_needed", "insurance_type", "recent_bmi", "deceased", "split",
)  # fmt: skip
SECRET = "ACC-7731"


def build(root: Path, name: str = "CheXpert-v1.0-small") -> Path:
    """Write CheXpert; returns the folder of the tables."""
    for part in ("train", "valid"):
        lines = []
        for path, (direction, labels) in IMAGES.items():
            if path.startswith(part):
                write_picture(root / name / f"{path}.jpg")
                side = "Lateral" if path.endswith("lateral") else "Frontal"
                values = [labels.get(label, "") for label in LABELS]
                lines.append((f"{name}/{path}.jpg", "Female", 68, side, direction, *values))
        write_csv(root / name / f"{part}.csv", COLUMNS, lines)
    return root / name


def build_plus(root: Path, labels: bool = True) -> Path:
    """Write CheXpert Plus with its images as PNG."""
    lines = []
    for number, (path, (direction, _)) in enumerate(IMAGES.items()):
        write_picture(root / "PNG" / f"{path}.png")
        known = {
            "path_to_image": f"{path}.jpg",
            "path_to_dcm": f"{path}.dcm",
            "frontal_lateral": "Lateral" if path.endswith("lateral") else "Frontal",
            "ap_pa": direction,
            "deid_patient_id": "patient",
            "patient_report_date_order": 1,
            "report": f"NARRATIVE: see below. ACCESSION NUMBER: {SECRET}",
            "section_narrative": "Narrative only." if number == 3 else "",
            "section_clinical_history": "Cough.",
            "section_findings": "" if number == 3 else "Left lower lobe consolidation.",
            "section_impression": "" if number == 3 else "1. Pneumonia.",
            "section_accession_number": SECRET,
            "age": 68,
            "race": "secret",
            "split": path.partition("/")[0],
        }
        lines.append((number, *(known.get(column, "") for column in PLUS_COLUMNS)))
    write_csv(root / "df_chexpert_plus_240401.csv", ("", *PLUS_COLUMNS), lines)
    if labels:
        folder = root / "chexbert_labels"
        folder.mkdir(exist_ok=True)
        text = "".join(f"{json.dumps(_labelled(path, said))}\n" for path, (_, said) in IMAGES.items())
        (folder / "impression_fixed.json").write_text(text)
    return root


def _labelled(path: str, said: dict[str, float]) -> dict[str, object]:
    return {"path_to_image": f"{path}.jpg", **{label: said.get(label) for label in LABELS}}
