"""CheXpert Plus: CheXpert's images with their reports.

``df_chexpert_plus_240401.csv``: path_to_image, path_to_dcm, frontal_lateral, ap_pa, deid_patient_id,
patient_report_date_order, report, section_narrative, section_clinical_history, section_history,
section_comparison, section_technique, section_procedure_comments, section_findings, section_impression,
section_end_of_impression, section_summary, section_accession_number, age, sex, race, ethnicity,
interpreter_needed, insurance_type, recent_bmi, deceased, split; ``chexbert_labels/<section>_fixed.json``
has a line of JSON an image. The columns are known from public programs that read the official file, the
labels from the makers' page. The folder that ``PNG.zip`` unpacks into differs between those programs
(``PNG``, ``PNG/PNG``, ``PNGs``), and the layout of the DICOM archives could not be verified. Of people
nothing but the opaque ids in the paths is read, and the full report, which ends with an accession number,
is not read either: its sections are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maple_lib.data.datasets.chexpert_tables import Examinations, first_file, read_values, view_of
from maple_lib.data.datasets.images_elsewhere import ElsewhereSource, images_root
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.mimic_labels import CHEXPERT
from maple_lib.data.datasets.splits import split_of
from maple_lib.data.datasets.tables import check_root, find_file, read_table
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.errors import MapleError

NAME = "chexpert-plus"
TABLE = "df_chexpert_plus_240401.csv"
INFO = DatasetInfo(
    name=NAME,
    title="CheXpert Plus 240401",
    home="https://stanfordaimi.azurewebsites.net/datasets/5158c524-d3ab-4e02-96e9-6ee9efc110a1",
    licence="Stanford University Dataset Research Use Agreement",
    forbids="commercial use, sharing the data, and trying to identify anyone",
    size="223,462 images, 187,711 reports, 64,725 patients; as PNG or as DICOM, terabytes",
    files=(TABLE,),
    cite="Chambon et al., CheXpert Plus: Augmenting a Large Chest X-ray Dataset with Text Radiology Reports, "
    "Patient Demographics and Additional Image Formats, arXiv:2405.19538 (2024)",
)
# Heading of the text we make -> columns, the first that is not blank.
SECTIONS = {
    "HISTORY": ("section_clinical_history", "section_history"),
    "TECHNIQUE": ("section_technique",),
    "COMPARISON": ("section_comparison",),
    "FINDINGS": ("section_findings",),
    "IMPRESSION": ("section_impression", "section_summary"),
}
_FALLBACK = "section_narrative"
_TEXTS = (*(name for names in SECTIONS.values() for name in names), _FALLBACK)
_COLUMNS = ("path_to_image", "path_to_dcm", "frontal_lateral", "ap_pa", "split", *_TEXTS)
_FOLDERS = (".", "PNG", "PNG/PNG", "PNGs", "DICOM", "images")
LABELS = ("impression", "findings", "report")


def open_source(
    root: str | Path, images: str | Path | None = None, labels: str | None = None
) -> ElsewhereSource:
    """The official download; the views of one examination are one study, frontal ones first.

    Args:
        root: the folder of the table.
        images: the folder that holds ``train`` and ``valid``; by default the root, or ``PNG`` in it.
        labels: ``"impression"``, ``"findings"`` or ``"report"``: the section whose CheXbert labels are read;
            ``"none"`` for none. By default the impression's, if the file is there.

    Raises:
        MapleError: if a file is missing or damaged, or there are no images.
    """
    folder = check_root(root, INFO.title)
    path = find_file(folder, (TABLE,), INFO.title)
    table = read_table(path, _COLUMNS, INFO.title, text=_COLUMNS)
    place = images_root(folder, images)
    base = _find_base(place)
    examinations = Examinations(table, "path_to_image", "frontal_lateral", path, INFO.title)
    said = _Labels(folder, labels)

    def build(number: int) -> StudyRow:
        lines = examinations.lines(number)
        columns = examinations.columns
        _, patient, study, _ = examinations.names(lines[0])
        return StudyRow(
            NAME,
            f"{patient}_{study}",
            patient,
            tuple(_image(examinations, line, place, base) for line in lines),
            report=_report(columns, lines[0]),
            labels=said.of(columns["path_to_image"][lines[0]]),
            split=split_of(columns["split"][lines[0]], path),
        )

    return ElsewhereSource(len(examinations), build, place)


def _find_base(root: Path) -> str:
    """The folder that holds ``train`` or ``valid``."""
    for name in _FOLDERS:
        if any((root / name / part).is_dir() for part in ("train", "valid")):
            return name
    raise MapleError(
        root / "PNG" / "train",
        "no such folder",
        "unpack PNG.zip here, or give images=FOLDER that holds train and valid",
    )


def _image(examinations: Examinations, line: int, root: Path, base: str) -> ImageRow:
    part, patient, study, view = examinations.names(line)
    columns = examinations.columns
    names = [f"{view}.png", f"{view}.jpg", f"{view}.dcm"]
    path = first_file(root, f"{base}/{part}/{patient}/{study}", names, INFO.title)
    view_name = view_of(columns["frontal_lateral"][line], columns["ap_pa"][line])
    return ImageRow(f"{patient}_{study}_{view}", path, view_name)


def _report(columns: Mapping[str, Any], line: int) -> str:
    """The sections under their headings; the narrative where there are neither findings nor impression."""
    texts = {heading: _first(columns, names, line) for heading, names in SECTIONS.items()}
    if not texts["FINDINGS"] and not texts["IMPRESSION"]:
        texts["FINDINGS"] = _first(columns, (_FALLBACK,), line)
    return "\n\n".join(f"{heading}: {text}" for heading, text in texts.items() if text)


def _first(columns: Mapping[str, Any], names: tuple[str, ...], line: int) -> str:
    texts = (columns[name][line] for name in names)
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")


class _Labels:
    """CheXbert's labels of one section, by the path of the image."""

    def __init__(self, root: Path, section: str | None) -> None:
        if section not in (*LABELS, "none", None):
            raise MapleError(f"labels={section!r}", "unknown", f"use one of: {', '.join(LABELS)}, none")
        self.path = root / "chexbert_labels" / f"{section or 'impression'}_fixed.json"
        unasked = section is None and not self.path.is_file()
        self._lines = {} if section == "none" or unasked else self._read()

    def of(self, image: str) -> dict[str, int]:
        """Finding -> value; empty where the file does not know the image."""
        line, values = self._lines.get(image, (0, None))
        return {} if values is None else read_values(values, f"line {line}", self.path)

    def _read(self) -> dict[str, tuple[int, list[Any]]]:
        find_file(self.path.parent, (self.path.name,), INFO.title)
        lines: dict[str, tuple[int, list[Any]]] = {}
        number = 1
        try:
            with self.path.open(encoding="utf-8") as file:
                for number, text in enumerate(filter(str.strip, file), start=1):
                    fields = json.loads(text)
                    lines[fields["path_to_image"]] = (number, [fields[label] for label in CHEXPERT])
        except (KeyError, TypeError) as error:
            remedy = f"use the official file of {INFO.title}"
            raise MapleError(self.path, f"no field {error} in line {number}", remedy) from None
        except ValueError as error:
            raise MapleError(
                self.path, f"damaged JSON, line {number} ({error})", f"download it again: {INFO.title}"
            ) from None
        if not lines:
            raise MapleError(self.path, "holds no line", f"download it again: {INFO.title}")
        return lines
