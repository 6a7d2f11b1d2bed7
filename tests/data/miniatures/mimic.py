"""MIMIC-CXR and MIMIC-CXR-JPG in small: official file names and columns, phantoms instead of patients.

Everything follows from the number of a study, so a miniature of 20,000 begins with the miniature of 12.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

METADATA = (
    "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows",
    "Columns", "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning",
    "PatientOrientationCodeSequence_CodeMeaning",
)  # fmt: skip
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Enlarged Cardiomediastinum", "Fracture",
    "Lung Lesion", "Lung Opacity", "No Finding", "Pleural Effusion", "Pleural Other", "Pneumonia",
    "Pneumothorax", "Support Devices",
)  # fmt: skip
# ViewPosition of the images of a study, in the order of the tables.
VIEWS = (("LATERAL", "PA"), ("AP",), ("LL", "AP"), ("AP", "PA", "LATERAL"), ("", "AP LLD"), ("PA",))
MEANINGS = {"PA": "postero-anterior", "AP": "antero-posterior", "LATERAL": "lateral", "LL": "left lateral"}
SPLITS = ("train",) * 8 + ("validate", "test")
ROWS, COLUMNS = 72, 64


@dataclass(frozen=True)
class Exam:
    """A study of the miniature: its number, ids, and the (dicom_id, ViewPosition) of its images."""

    number: int
    subject: str
    study: str
    images: tuple[tuple[str, str], ...]

    @property
    def folder(self) -> str:
        return f"files/p{self.subject[:2]}/p{self.subject}"

    @property
    def split(self) -> str:
        return SPLITS[int(self.subject) % len(SPLITS)]


def exams(count: int) -> list[Exam]:
    """The first ``count`` studies; three studies a patient; 20,000 reach from p10 to p19."""
    return [_exam(number) for number in range(count)]


def _exam(number: int) -> Exam:
    patient = number // 3
    subject = str(10_000_000 + patient * 1_493)
    views = VIEWS[number % len(VIEWS)]
    images = tuple((_dicom_id(number, item), view) for item, view in enumerate(views))
    return Exam(number, subject, str(50_000_000 + number * 37), images)


def _dicom_id(number: int, item: int) -> str:
    text = np.random.default_rng([number, item]).bytes(20).hex()
    return "-".join(text[start : start + 8] for start in range(0, 40, 8))


def report(number: int) -> str:
    """A phantom's report, set as MIMIC-CXR's are."""
    from maple_lib.data.phantoms.grammar import write_report
    from maple_lib.data.phantoms.plan import sample_plan

    rng = np.random.default_rng([7, number])
    text = write_report(sample_plan(rng, "realistic"), rng).text
    return f"{'FINAL REPORT':>45}\n " + text.replace("\n", "\n ") + "\n"


def write_reports(root: Path, chosen: Iterable[Exam]) -> None:
    """``files/p10/p10000032/s50414267.txt``, as mimic-cxr-reports.zip unpacks."""
    for exam in chosen:
        folder = root / exam.folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"s{exam.study}.txt").write_text(report(exam.number), encoding="utf-8")


def build_dicom(root: Path, count: int = 12, images: bool = True, reports: bool = True) -> list[Exam]:
    """MIMIC-CXR: record list, study list, reports, DICOM images."""
    made = exams(count)
    records = [
        (exam.subject, exam.study, name, f"{exam.folder}/s{exam.study}/{name}.dcm")
        for exam in made
        for name, _ in exam.images
    ]
    studies = [(exam.subject, exam.study, f"{exam.folder}/s{exam.study}.txt") for exam in made]
    write_csv(root / "cxr-record-list.csv.gz", ("subject_id", "study_id", "dicom_id", "path"), records)
    write_csv(root / "cxr-study-list.csv.gz", ("subject_id", "study_id", "path"), studies)
    if reports:
        write_reports(root, made)
    if images:
        for exam in made:
            for name, view in exam.images:
                _write_dicom(root / exam.folder / f"s{exam.study}" / f"{name}.dcm", exam, name, view)
    return made


def build_jpg(root: Path, count: int = 12, images: bool = True) -> list[Exam]:
    """MIMIC-CXR-JPG: metadata, split, both labellers' tables, JPEG images."""
    made = exams(count)
    name = "mimic-cxr-2.0.0-{}.csv.gz".format
    write_csv(root / name("metadata"), METADATA, (line for exam in made for line in _metadata(exam)))
    split = [(dicom, exam.study, exam.subject, exam.split) for exam in made for dicom, _ in exam.images]
    write_csv(root / name("split"), ("dicom_id", "study_id", "subject_id", "split"), split)
    for item, labeller in enumerate(("chexpert", "negbio")):
        lines = [(exam.subject, exam.study, *labels(exam.number, item)) for exam in made]
        write_csv(root / name(labeller), ("subject_id", "study_id", *LABELS), lines)
    if images:
        for exam in made:
            for dicom, _ in exam.images:
                _write_jpg(root / exam.folder / f"s{exam.study}" / f"{dicom}.jpg", exam.number)
    return made


def labels(number: int, labeller: int = 0) -> list[str]:
    """The 14 values of a study: 1.0, 0.0, -1.0 or nothing."""
    drawn = np.random.default_rng([number, labeller, 5]).integers(0, 7, len(LABELS))
    return [("1.0", "0.0", "-1.0", "", "", "", "")[value] for value in drawn]


def _metadata(exam: Exam) -> Iterable[Sequence[object]]:
    for item, (name, view) in enumerate(exam.images):
        time = f"{8 + exam.number % 12}2803.{531 + item}"  # 82803.531: the files drop the leading zero
        meaning = MEANINGS.get(view, "antero-posterior" if not view else "")
        yield (
            name, exam.subject, exam.study, "CHEST (PA AND LAT)", view, ROWS, COLUMNS,
            f"21{exam.number % 90 + 10}0506", time, "CHEST (PA AND LAT)", meaning, "Erect",
        )  # fmt: skip


def write_csv(path: Path, columns: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """A gzipped table, the same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    path.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def _pixels(number: int) -> np.ndarray:
    ramp = np.linspace(0, 1, ROWS * COLUMNS, dtype=np.float32).reshape(ROWS, COLUMNS)
    return ramp * (0.5 + 0.5 * (number % 5) / 4)


def _write_jpg(path: Path, number: int) -> None:
    from PIL import Image as Pillow

    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray((_pixels(number) * 255).astype(np.uint8)).save(path, quality=95)


def _write_dicom(path: Path, exam: Exam, name: str, view: str) -> None:
    from maple_lib.data.dicom.write import write_dicom
    from maple_lib.data.study import Image, Study

    path.parent.mkdir(parents=True, exist_ok=True)
    shown = {"LATERAL": "LATERAL", "LL": "LATERAL", "PA": "PA"}.get(view, "AP")
    image = Image(_pixels(exam.number), (0.5, 0.5), shown)
    write_dicom(Study(name, exam.subject, lambda: image), path)
