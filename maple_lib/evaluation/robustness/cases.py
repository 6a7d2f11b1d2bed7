"""Unilateral cases: findings that a study shows on one side only, and the words for both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.study import Study
from maple_lib.evaluation.frame import Maps
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.queries import GroundingQuery
from maple_lib.evaluation.robustness.rows import facts
from maple_lib.evaluation.robustness.scene import Scene, heats
from maple_lib.evaluation.robustness.sides import midline, peak_on_side, side_of
from maple_lib.reports.sides import named_side, swap_sides
from maple_lib.vocabulary import Side, mirror

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class SideCase:
    """A finding that this study shows on one side only.

    Attributes:
        query: what the study is asked, with its truth.
        side: where the lesion is.
        phrase: words that name this side.
        other: the same words with the other side.
    """

    query: GroundingQuery
    side: Side
    phrase: str
    other: str


@dataclass(frozen=True, eq=False)
class Held:
    """The cases of one batch.

    Attributes:
        cases: Q cases.
        numbers: for each the row of its study in the batch.
        owners: for each its study.
        about: the facts of their rows.
    """

    cases: Sequence[SideCase]
    numbers: list[int]
    owners: list[Study]
    about: pd.DataFrame

    @property
    def sides(self) -> list[Side]:
        """Where the lesions are."""
        return [case.side for case in self.cases]

    @property
    def phrases(self) -> list[str]:
        """Words that name their sides."""
        return [case.phrase for case in self.cases]


def side_cases(queries: Sequence[GroundingQuery]) -> list[SideCase]:
    """The unilateral cases among queries with a place; a finding that is also in the midline is none."""
    sides = [side_of(query.regions, query.phrase) for query in queries]
    shown: dict[tuple[int, str], set[Side | None]] = {}
    for query, side in zip(queries, sides, strict=True):
        shown.setdefault((query.study_index, query.finding), set()).add(side)
    return [
        SideCase(query, side, *_words(query, side))
        for query, side in zip(queries, sides, strict=True)
        if side is not None and shown[query.study_index, query.finding] == {side}
    ]


def held(scene: Scene, cases: Sequence[SideCase]) -> Held | None:
    """The cases whose studies are in the batch, or None where there are none."""
    here = [case for case in cases if scene.holds(case.query)]
    if not here:
        return None
    queries = [case.query for case in here]
    numbers = [scene.row(query) for query in queries]
    owners = [scene.studies[n] for n in numbers]
    phrases = [case.phrase for case in here]
    about = facts(owners, [q.finding for q in queries], [q.region for q in queries], phrases)
    return Held(here, numbers, owners, about)


def on_side(maps: Maps, owners: Sequence[Study], sides: Sequence[Side], settings: GroundingProtocol) -> Maps:
    """(Q,) share of each map's peak that lies on the named side of its study, in [0, 1]."""
    values = np.full(len(owners), np.nan)
    for part, heat in heats(maps, owners, settings):
        middles = [midline(owners[i]) for i in part]
        values[part] = peak_on_side(heat, middles, [sides[i] for i in part])
    return values


def _words(query: GroundingQuery, side: Side) -> tuple[str, str]:
    """The study's own phrase and its mirror image; plainer words where it does not name the side."""
    if named_side(query.phrase) == side or query.region is None:
        return query.phrase, swap_sides(query.phrase)
    here, there = (" and the ".join(names) for names in (query.regions, map(mirror, query.regions)))
    return f"{query.finding} in the {here}", f"{query.finding} in the {there}"
