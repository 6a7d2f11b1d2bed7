"""Which studies are trained on, and which only watched: by the dataset's split, else by patient."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import overload

from maple_lib.data.study import Study

_SHARE = 10  # one patient in ten is held out where a dataset has no split


class Subset(Sequence[Study]):
    """Some studies of a sequence, by their indices; nothing is read until it is asked for."""

    def __init__(self, studies: Sequence[Study], indices: Sequence[int]) -> None:
        self.studies, self.indices = studies, indices

    def __len__(self) -> int:
        return len(self.indices)

    @overload
    def __getitem__(self, index: int) -> Study: ...
    @overload
    def __getitem__(self, index: slice) -> list[Study]: ...
    def __getitem__(self, index: int | slice) -> Study | list[Study]:
        """One study, or a list of several."""
        if isinstance(index, slice):
            return [self.studies[i] for i in self.indices[index]]
        return self.studies[self.indices[index]]


def split_studies(studies: Sequence[Study]) -> tuple[Subset, Subset]:
    """(to train on, to validate on); studies of an official test split are in neither.

    Where no study names a split, one patient in ten is held out, the same one in every run.
    """
    splits = [study.split for study in studies]
    if not any(splits):
        held = [zlib.crc32(s.patient_id.encode("utf-8", "replace")) % _SHARE == 0 for s in studies]
        splits = ["validate" if h else "train" for h in held]
    train = [i for i, split in enumerate(splits) if split == "train"]
    validate = [i for i, split in enumerate(splits) if split == "validate"]
    return Subset(studies, train), Subset(studies, validate)
