"""Labels of studies as a matrix, and the studies that show exactly one finding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.zero_shot.protocol import Unsaid

Labels = NDArray[np.int8]


def label_matrix(studies: Sequence[Study], findings: Sequence[str], unsaid: Unsaid = "unknown") -> Labels:
    """(N, F) int8: 1 present, 0 absent, -1 not known, as ``study.labels`` says.

    Args:
        studies: N of them; their labels are in this project's words, whichever dataset they are from.
        findings: F names.
        unsaid: what a finding means that a study does not name: ``"absent"`` or ``"unknown"``.

    Raises:
        MapleError: if there is no study, not one has a label (or, where the unsaid is unknown, not one of
            these findings), or a label is neither 1, 0 nor -1.
    """
    told = [study.labels for study in studies]
    if not any(told):
        raise MapleError(
            f"{len(told)} studies", "none has labels", "read a dataset that has, or use phantoms"
        )
    default = 0 if unsaid == "absent" else -1
    matrix = np.array([[labels.get(name, default) for name in findings] for labels in told])
    strange = np.argwhere((matrix < -1) | (matrix > 1))
    if len(strange):
        row, column = strange[0]
        subject = f"study {studies[row].study_id}"
        raise MapleError(subject, f"label {findings[column]}={matrix[row, column]}", "use 1, 0 or -1")
    if (matrix < 0).all():
        wanted, known = ", ".join(findings), ", ".join(sorted({name for labels in told for name in labels}))
        raise MapleError(f"{len(told)} studies", f"no label of {wanted}", f"they have: {known}")
    return matrix.astype(np.int8)


def exclusive(labels: Labels) -> NDArray[np.int64]:
    """(N,) the one finding that a study shows; -1 where there is none, another, or another is uncertain."""
    alone = ((labels == 1).sum(1) == 1) & (labels >= 0).all(1)
    return np.where(alone, labels.argmax(1), -1)


def check_apart(studies: Sequence[Study], validation: Sequence[Study]) -> None:
    """Raise a MapleError if a patient is in both sets: nothing is chosen on what is scored."""
    both = {study.patient_id for study in studies} & {study.patient_id for study in validation}
    if both:
        raise MapleError(
            f"{len(both)} patients", "are in the scored and in the validation set", "split by patient"
        )
