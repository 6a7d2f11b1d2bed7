"""Studies divided by patient: the same patient is never on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError

Index = NDArray[np.intp]


def patient_numbers(studies: Sequence[Study]) -> Index:
    """(N,) number of each study's patient, in the order of their first studies."""
    number: dict[str, int] = {}
    return np.array([number.setdefault(s.patient_id, len(number)) for s in studies], np.intp)


def check_apart(one: Sequence[Study], other: Sequence[Study], names: tuple[str, str]) -> None:
    """Raise a MapleError that counts them if a patient is in both; it names no patient."""
    shared = {s.patient_id for s in one} & {s.patient_id for s in other}
    if shared:
        studies = [s.study_id for s in one if s.patient_id in shared]
        raise MapleError(
            f"{names[0]} and {names[1]} studies",
            f"{len(shared)} patients are in both, e.g. with study {studies[0]}",
            "divide them by patient",
        )


def divide(patients: Index, shares: Sequence[float], seed: int) -> list[Index]:
    """Divide studies at random into parts of whole patients.

    Args:
        patients: (N,) number of each study's patient.
        shares: the parts' sizes, in any unit; the last part takes what rounding leaves.
        seed: of the order of the patients.

    Returns:
        The indices of each part's studies, ascending.
    """
    order = _shuffled(patients, seed)
    ends = np.round(np.cumsum(shares)[:-1] / np.sum(shares) * len(order)).astype(int)
    return [np.flatnonzero(np.isin(patients, part)) for part in np.split(order, ends)]


def share_of_patients(
    patients: Index, positives: NDArray[np.bool_], share: float, random_state: int
) -> Index:
    """The studies of a random share of the patients, each finding kept that has room.

    A small share may miss a rare finding altogether. Then one of its patients takes the place of a chosen
    one that is no finding's last: as few changes as it takes, the rarest finding first.

    Args:
        patients: (N,) number of each study's patient.
        positives: (N, F) bool, True where a finding is known to be present.
        share: per cent of the patients, in (0, 100]; at least one patient is taken.
        random_state: of the order of the patients.

    Returns:
        The indices of the chosen studies, ascending.
    """
    order = _shuffled(patients, random_state)
    count = max(1, round(len(order) * share / 100))
    shown = np.zeros((len(order), positives.shape[1]), np.int64)
    place = np.argsort(order)
    np.add.at(shown, place[patients], positives)
    chosen = _keep_findings(shown > 0, count)
    return np.flatnonzero(np.isin(patients, order[chosen]))


def _shuffled(patients: Index, seed: int) -> Index:
    """The patients 0 .. P - 1 in random order."""
    order: Index = np.random.default_rng(seed).permutation(patients.max(initial=-1) + 1)
    return order


def _keep_findings(shown: NDArray[np.bool_], count: int) -> Index:
    """The first ``count`` of the patients (P, F), a few of them changed so that no finding is lost."""
    chosen = np.arange(len(shown)) < count
    for finding in np.argsort(shown.sum(0), kind="stable"):
        candidates = np.flatnonzero(shown[:, finding] & ~chosen)
        if not len(candidates) or shown[chosen, finding].any():
            continue
        after = shown[chosen].sum(0) + shown[candidates[0]]
        spare = [p for p in np.flatnonzero(chosen)[::-1] if (after[shown[p]] > 1).all()]
        if spare:
            chosen[spare[0]], chosen[candidates[0]] = False, True
    return np.flatnonzero(chosen)
