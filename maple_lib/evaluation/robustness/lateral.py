"""Laterality: asked for "left X" and for "right X", does the map peak on the side that is named?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.robustness.cases import SideCase, held, on_side
from maple_lib.evaluation.robustness.rows import rows
from maple_lib.evaluation.robustness.scene import Scene
from maple_lib.vocabulary import Side

if TYPE_CHECKING:
    import pandas as pd

THERE = "named side, lesion there"
ELSEWHERE = "named side, lesion on the other side"
OPPOSITE: dict[Side, Side] = {"left": "right", "right": "left"}


@dataclass(frozen=True, eq=False)
class LateralityProbe:
    """The same image asked for both sides; maps are not gated.

    Attributes:
        cases: what is asked.
        settings: how maps are made.
    """

    cases: Sequence[SideCase]
    settings: GroundingProtocol

    @property
    def texts(self) -> list[str]:
        """The phrases and their mirror images."""
        return [text for case in self.cases for text in (case.phrase, case.other)]

    def ask(self, scene: Scene) -> list[pd.DataFrame]:
        """Rows with the lesion on the named side, on the other, and the mean of both."""
        here = held(scene, self.cases)
        if here is None:
            return []
        others = [case.other for case in here.cases]
        opposite = [OPPOSITE[side] for side in here.sides]
        asked = scene.maps(scene.images, here.numbers, here.phrases)
        swapped = scene.maps(scene.images, here.numbers, others)
        there = on_side(asked, here.owners, here.sides, self.settings)
        elsewhere = on_side(swapped, here.owners, opposite, self.settings)
        return [
            rows(here.about, "laterality", "laterality", (there + elsewhere) / 2, chance=0.5),
            rows(here.about, "laterality", THERE, there, chance=0.5),
            rows(here.about.assign(phrase=others), "laterality", ELSEWHERE, elsewhere, there, 0.5),
        ]
