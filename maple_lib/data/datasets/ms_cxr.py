"""MS-CXR: phrases of MIMIC-CXR reports with their places, drawn by radiologists.

``MS_CXR_Local_Alignment_v1.1.0.csv`` or the COCO ``.json`` beside it (or those of 1.0.0); the images are
MIMIC-CXR's. How the files look is said in ``ms_cxr_tables``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from maple_lib.data.datasets.images_elsewhere import ElsewhereSource, images_root, mimic_image
from maple_lib.data.datasets.info import DatasetInfo
from maple_lib.data.datasets.ms_cxr_tables import TITLE, Line, boxes_by_phrase, by_image, read_lines
from maple_lib.data.datasets.splits import split_of
from maple_lib.data.datasets.tables import check_root, find_file
from maple_lib.data.rows import ImageRow, PhraseRow, StudyRow
from maple_lib.errors import MapleError

NAME = "ms-cxr"
_STEM = "MS_CXR_Local_Alignment_v"
INFO = DatasetInfo(
    name=NAME,
    title="MS-CXR 1.1.0",
    home="https://physionet.org/content/ms-cxr/1.1.0/",
    licence="PhysioNet Credentialed Health Data License 1.5.0, after training and a signed agreement",
    forbids="sharing the data, trying to identify anyone, and sending it to services that keep it",
    size="1,162 phrases with boxes, 8 findings, images of 851 patients; 1 MB without MIMIC-CXR's images",
    files=("MS_CXR_Local_Alignment_v1.1.0.csv",),
    cite="Boecking et al., Making the Most of Text Semantics to Improve Biomedical Vision-Language "
    "Processing, ECCV 2022",
)
FILES = tuple(f"{_STEM}{version}.{end}" for version in ("1.1.0", "1.0.0") for end in ("csv", "json"))
_PATH = re.compile(r"(?:^|/)p\d\d/p(\d+)/s(\d+)/")


@dataclass(frozen=True, slots=True)
class _Annotated:
    """One image: its ids, None where the path does not tell them, and its lines."""

    patient_id: str
    study_id: str
    lines: Sequence[Line]


def open_source(
    root: str | Path, images: str | Path | None = None, table: str | None = None
) -> ElsewhereSource:
    """One study for each annotated image, in the order of the file.

    A second annotated image of one examination gets the id of the examination with ``_2``, and so on.

    Args:
        root: the folder of the tables.
        images: root of MIMIC-CXR or MIMIC-CXR-JPG; the root itself by default. Paths start from it.
        table: name of the file to read in the root; by default the newest there, CSV before JSON.

    Raises:
        MapleError: if a file is missing or damaged.
    """
    folder = check_root(root, INFO.title)
    path = find_file(folder, FILES if table is None else (table,), INFO.title)
    place = images_root(folder, images)
    annotated = _number(by_image(read_lines(path)), path)

    def build(number: int) -> StudyRow:
        return _row(annotated[number], path, place)

    return ElsewhereSource(len(annotated), build, place)


def phrases_by_image(path: str | Path) -> Mapping[str, tuple[PhraseRow, ...]]:
    """dicom_id -> its phrases, to join to MIMIC-CXR.

    Args:
        path: the CSV or JSON file, or the folder with it.

    Raises:
        MapleError: if the file is missing or damaged, or a box is not numbers.
    """
    given = Path(path)
    file = find_file(given, FILES, INFO.title) if given.is_dir() else given
    return {name: _phrases(name, lines, file) for name, lines in by_image(read_lines(file)).items()}


def _number(images: Mapping[str, Sequence[Line]], path: Path) -> list[_Annotated]:
    """Every annotated image with ids that are its own."""
    seen: dict[str, int] = {}
    annotated = []
    for lines in images.values():
        match = _PATH.search(lines[0].path)
        patient, study = match.groups() if match else ("", "")
        seen[study] = seen.get(study, 0) + 1
        annotated.append(_Annotated(patient, f"{study}_{seen[study]}" if seen[study] > 1 else study, lines))
    if not annotated:
        raise MapleError(path, "no line", f"download it again: {TITLE}")
    return annotated


def _row(image: _Annotated, path: Path, root: Path) -> StudyRow:
    first = image.lines[0]
    if not image.patient_id or not first.dicom_id:
        problem = f"{first.where}: path {first.path!r} is not files/p../p.../s.../<dicom_id>"
        raise MapleError(path, problem, f"compare it with the official file of {TITLE}")
    rows, columns = first.size or (None, None)
    phrases = _phrases(first.dicom_id, image.lines, path)
    return StudyRow(
        NAME,
        image.study_id,
        image.patient_id,
        (ImageRow(first.dicom_id, mimic_image(root, first.path), None, None, rows, columns),),
        labels={phrase.finding: 1 for phrase in phrases},
        phrases=phrases,
        split=split_of(first.split, path),
    )


def _phrases(dicom_id: str, lines: Iterable[Line], path: Path) -> tuple[PhraseRow, ...]:
    found = boxes_by_phrase(lines, path)
    return tuple(PhraseRow(dicom_id, text, finding, boxes=boxes) for (text, finding), boxes in found.items())
