"""The COVID-19 image collection with six radiographs and a CT."""

from __future__ import annotations

from pathlib import Path

from miniatures.small_files import write_csv, write_picture

HEADER = (
    *("patientid", "offset", "sex", "age", "finding", "RT_PCR_positive", "survival", "intubated"),
    *("intubation_present", "went_icu", "in_icu", "needed_supplemental_O2", "extubated", "temperature"),
    *("pO2_saturation", "leukocyte_count", "neutrophil_count", "lymphocyte_count", "view", "modality"),
    *("date", "location", "folder", "filename", "doi", "url", "license", "clinical_notes"),
    *("other_notes", ""),
)
SICK, DAY = "Pneumonia/Viral/COVID-19", "January 22, 2020"
LINES = (
    ("2", "0", SICK, "L", "X-ray", DAY, "images", "a-L.jpeg", "Opacity in the left upper lobe."),
    ("2", "0", SICK, "PA", "X-ray", DAY, "images", "a-PA.jpeg", "Opacity in the left upper lobe."),
    ("2", "5", SICK, "AP Supine", "X-ray", "2020", "images", "b.png", "Progressive infiltrate,\nboth lungs."),
    ("3", "5", SICK, "Axial", "CT", "2020", "volumes", "c.nii.gz", "Ground glass."),
    ("4", "", "No Finding", "PA", "X-ray", "2016", "images", "d.jpg", ""),
    ("4", "", "Tuberculosis", "PA", "X-ray", "2016", "images", "e.jpg", "Cavity in the right apex."),
    ("5", "", "Pneumonia", "AP", "X-ray", "", "images", "f.jpg", "Severe ARDS."),
)


def build(root: Path) -> Path:
    """Write the collection into a folder."""
    lines = []
    for number, (patient, offset, finding, view, modality, date, folder, file, notes) in enumerate(LINES):
        values = {
            **{"patientid": patient, "offset": offset, "sex": "M", "age": "65", "finding": finding},
            **{"view": view, "modality": modality, "date": date, "folder": folder, "filename": file},
            **{"location": "Somewhere General Hospital", "clinical_notes": notes},
        }
        lines.append([values.get(name, "") for name in HEADER])
        if folder == "images":
            write_picture(root / folder / file, seed=number)
    write_csv(root / "metadata.csv", HEADER, lines)
    return root
