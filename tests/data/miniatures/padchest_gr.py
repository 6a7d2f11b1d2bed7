"""PadChest-GR with three studies: grounded, normal, and with a negative sentence."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from miniatures.small_files import write_csv, write_picture

COLUMNS = (
    "StudyID", "ImageID", "label", "boxes_count", "extra_boxes_count", "locations", "prior_study",
    "progression_status", "prior_imageID", "sentence_en", "sentence_es", "study_is_benchmark",
    "study_is_validation", "split", "PatientID", "patient_is_benchmark", "PatientBirth", "PatientSex_DICOM",
    "StudyDate_DICOM", "StudyDate", "PatientAge", "label_group", "Year",
)  # fmt: skip
GROUNDED, NORMAL, MIXED = ("2514880345577323389596015803288987347" + end for end in ("05", "06", "07"))
PATIENTS = {GROUNDED: ("839860488694292331637988235681460987", "train"), NORMAL: ("11", "validation"),
            MIXED: ("12", "test")}  # fmt: skip
SHAPE = (40, 20)


def _finding(english: str, spanish: str, abnormal: bool, **more: object) -> dict[str, object]:
    return {"sentence_en": english, "sentence_es": spanish, "abnormal": abnormal, **more}


FINDINGS = {
    GROUNDED: [
        _finding(
            "Minimal biapical pleural thickening.", "Mínimo engrosamiento pleural biapical.", True,
            boxes=[[0.25, 0.1, 0.5, 0.2], [0.6, 0.1, 0.9, 0.2]], extra_boxes=[[0.2, 0.05, 0.5, 0.25]],
            labels=["apical pleural thickening"], locations=["pleural"], progression=None,
        ),
        _finding("Azygos lobe.", "Lóbulo de la ácigos.", True, boxes=[[0.1, 0.1, 0.3, 0.3]], extra_boxes=[],
                 labels=["azygos lobe"], locations=[], progression="stable"),
    ],
    NORMAL: [_finding("No abnormalities.", "Sin alteraciones.", False)],
    MIXED: [
        _finding("Cardiomegaly.", "Cardiomegalia.", True, boxes=[], extra_boxes=[], labels=["cardiomegaly"],
                 locations=["cardiac"], progression="worsened"),
        _finding("No pleural effusion.", "No derrame pleural.", False, labels=["pleural effusion"]),
    ],
}  # fmt: skip


def image_name(study: str) -> str:
    return f"{study}_wigcpj.png"


def build(root: Path, zipped: bool = False) -> Path:
    """Write the dataset; the table also as the archive that is offered."""
    root.mkdir(parents=True, exist_ok=True)
    studies = [
        {"StudyID": name, "ImageID": image_name(name), "PreviousStudyID": None, "PreviousImageID": None,
         "findings": found}
        for name, found in FINDINGS.items()
    ]  # fmt: skip
    text = json.dumps(studies, ensure_ascii=False)
    (root / "grounded_reports_20240819.json").write_text(text, "utf-8")
    lines = []
    for name, found in FINDINGS.items():
        patient, split = PATIENTS[name]
        write_picture(root / "Padchest_GR_files" / "PadChest_GR" / image_name(name), SHAPE)
        for finding in found:
            known = {"StudyID": name, "ImageID": image_name(name), "PatientID": patient, "split": split,
                     "sentence_en": finding["sentence_en"]}  # fmt: skip
            lines.append([known.get(column, "") for column in COLUMNS])
    path = root / "master_table.csv"
    write_csv(path, COLUMNS, lines)
    if zipped:
        with zipfile.ZipFile(root / "master_table.csv.zip", "w") as archive:
            archive.write(path, "master_table.csv")
        path.unlink()
    return root
