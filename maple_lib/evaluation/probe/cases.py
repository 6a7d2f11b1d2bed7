"""Training, validation and test studies of a probe side by side, divided by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.probe.labels import Labels, asked_findings, label_table
from maple_lib.evaluation.probe.protocols import ProbeProtocol
from maple_lib.evaluation.probe.splits import Index, check_apart, patient_numbers, share_of_patients


class Picked(Sequence[Study]):
    """Studies of several sequences in one row; each is fetched when it is asked for, and not kept."""

    def __init__(self, *parts: tuple[Sequence[Study], Sequence[int] | Index]) -> None:
        self.places = [(studies, int(i)) for studies, index in parts for i in index]

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> list[Study]: ...
    def __getitem__(self, index: int | slice) -> Study | list[Study]:
        """One study, or a list of several."""
        if isinstance(index, slice):
            return [studies[i] for studies, i in self.places[index]]
        studies, i = self.places[index]
        return studies[i]


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """All studies of a probe, and which are for what.

    Attributes:
        studies: N studies: to train on, to validate on, to test on.
        labels: of all of them.
        patients: (N,) number of each study's patient.
        train, validation, test: their indices.
    """

    studies: Sequence[Study]
    labels: Labels
    patients: Index
    train: Index
    validation: Index
    test: Index

    def share(self, per_cent: float, random_state: int) -> Index:
        """The training studies of a share of the training patients; see ``share_of_patients``."""
        labels = self.labels.rows(self.train)
        patients = np.unique(self.patients[self.train], return_inverse=True)[1]
        return self.train[share_of_patients(patients, labels.present & labels.known, per_cent, random_state)]


def prepare_cases(
    studies: Sequence[Study],
    train_studies: Sequence[Study],
    validation_studies: Sequence[Study] | None,
    protocol: ProbeProtocol,
) -> Cases:
    """Put the studies side by side.

    Without ``validation_studies`` the training studies of the official split ``"validate"`` are these, or
    else a share of the training patients.

    Raises:
        MapleError: if there are no studies to train, validate or test on or none of their labels is known,
            if a patient is on two sides, or if training studies belong to an official test split.
    """
    _check_given(studies, train_studies)
    train, validation = _held_out(train_studies, validation_studies, protocol)
    sides = {"training": train, "validation": validation, "test": Picked((studies, range(len(studies))))}
    for one, other in (("training", "test"), ("validation", "test"), ("training", "validation")):
        check_apart(sides[one], sides[other], (one, other))
    row = Picked(*((side, range(len(side))) for side in sides.values()))
    labels = label_table(row, asked_findings(train, protocol), protocol)
    ends = np.cumsum([len(side) for side in sides.values()])[:-1]
    parts = np.split(np.arange(len(row)), ends)
    for name, part in zip(sides, parts, strict=True):
        if not labels.known[part].any():
            raise MapleError(f"{len(part)} {name} studies", "no label is known", "give labelled studies")
    return Cases(row, labels, patient_numbers(row), *parts)


def _check_given(studies: Sequence[Study], train_studies: Sequence[Study]) -> None:
    if not len(studies):
        raise MapleError("studies", "none given", "give at least one to test on")
    if not len(train_studies):
        raise MapleError("train_studies", "none given", "give labelled studies of other patients")
    official = sum(study.split == "test" for study in train_studies)
    if official:
        raise MapleError(
            f"{official} training studies", "belong to an official test split", "train on other studies"
        )


def _held_out(
    train_studies: Sequence[Study], validation_studies: Sequence[Study] | None, protocol: ProbeProtocol
) -> tuple[Picked, Picked]:
    """(to train on, to validate on)."""
    if validation_studies is not None:
        everything = range(len(validation_studies))
        return Picked((train_studies, range(len(train_studies)))), Picked((validation_studies, everything))
    held = np.array([study.split == "validate" for study in train_studies])
    if not held.any():
        patients = patient_numbers(train_studies)
        nothing = np.zeros((len(patients), 0), bool)
        held[share_of_patients(patients, nothing, protocol.validation_share, protocol.random_state)] = True
    if held.all():
        raise MapleError(
            f"{len(held)} training studies", "nothing is left to train on", "give studies of two patients"
        )
    return Picked((train_studies, np.flatnonzero(~held))), Picked((train_studies, np.flatnonzero(held)))
