"""Names that are given twice, and patients that are on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator

from maple_lib.data.doctor.diagnosis import Complaint
from maple_lib.data.doctor.exam import Card, Exam, count, share

STUDY = Card(
    "duplicate-id",
    "error",
    "Study ids that occur twice",
    "A table joined by this id multiplies its rows: one study is trained on twice, or gets another's labels.",
    "Find where the tables were joined; keep one row a study.",
    fixable=True,
)
IMAGE = Card(
    "duplicate-id",
    "error",
    "Image ids that occur twice",
    "Boxes are attached by image id: those of one image end up on the other.",
    "Keep one row an image, or make the ids unique.",
    fixable=True,
)
PATIENT = Card(
    "patient-across-splits",
    "error",
    "Patients in more than one split",
    "Two radiographs of one patient look alike. A model that has seen one of them scores better on the other "
    "than it ever will on a new patient.",
    "Move all studies of a patient into one split.",
    fixable=True,
)


def duplicate_ids(exam: Exam) -> Iterator[Complaint]:
    """Ids of studies and of images."""
    studies, images = exam.corpus.studies["study_id"], exam.corpus.images["image_id"]
    twice = studies.index[studies.duplicated()].tolist()
    if twice:
        cases = (exam.study_case(i, "occurred before", key="study") for i in twice)
        yield STUDY.complain(f"Repeated: {share(len(twice), len(studies), 'studies')}.", cases)
    repeated = exam.corpus.images["study"].isin(twice)
    again = images.index[images.duplicated() & ~repeated].tolist()
    if again:
        inside = exam.corpus.images.duplicated(["study", "image_id"])
        cases = (
            exam.image_case(i, "its image's id occurred before", key="image" if inside[i] else "")
            for i in again
        )
        yield IMAGE.complain(f"Repeated: {share(len(again), len(images), 'images')}.", cases)


def split_patients(exam: Exam) -> Iterator[Complaint]:
    """Patients with studies in two or three splits."""
    known = exam.corpus.studies.dropna(subset=["split"])
    splits = known.groupby("patient_id")["split"].nunique()
    torn = known[known["patient_id"].isin(splits.index[splits > 1])]
    torn = torn.sort_values("patient_id", kind="stable")
    if len(torn):
        patients = torn["patient_id"].nunique()
        yield PATIENT.complain(
            f"{share(patients, len(splits), 'patients')}, with {count(len(torn), 'study', 'studies')}.",
            (exam.study_case(int(i), f"in {split}") for i, split in torn["split"].items()),  # type: ignore[call-overload]
        )
