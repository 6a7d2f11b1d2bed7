"""The image flipped under its words: does a map stay on the side that is named, or go with the lesion?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.study import Study
from maple_lib.evaluation.frame import Maps
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.queries import GroundingQuery
from maple_lib.evaluation.robustness.cases import Held, SideCase, held, on_side
from maple_lib.evaluation.robustness.images import grounding_scores
from maple_lib.evaluation.robustness.perturbation import perturb
from maple_lib.evaluation.robustness.rows import rows
from maple_lib.evaluation.robustness.scene import Scene
from maple_lib.vocabulary import mirror

if TYPE_CHECKING:
    import pandas as pd

FLIP = "flip"


@dataclass(frozen=True, eq=False)
class FlipProbe:
    """Unilateral cases before and after left and right of the image are exchanged; the words stay.

    Attributes:
        cases: what is asked.
        settings: how maps are made and scored.
    """

    cases: Sequence[SideCase]
    settings: GroundingProtocol

    @property
    def texts(self) -> list[str]:
        """The phrases."""
        return [case.phrase for case in self.cases]

    def ask(self, scene: Scene) -> list[pd.DataFrame]:
        """Shares of maps that peak on the named side, and on the lesion, before and after."""
        here = held(scene, self.cases)
        if here is None:
            return []
        queries = [case.query for case in here.cases]
        before = scene.maps(scene.images, here.numbers, here.phrases)
        side, lesion, _ = self._scores(scene, before, here, here.owners, queries)
        mirrored = [_mirrored(query) for query in queries]
        owners, after = _flipped(scene, here)
        new_side, new_lesion, chance = self._scores(scene, after, here, owners, mirrored)
        return [
            rows(here.about, FLIP, "named side", new_side, side, 0.5),
            rows(here.about, FLIP, "on the lesion", new_lesion, lesion, chance),
        ]

    def _scores(
        self,
        scene: Scene,
        maps: Maps,
        here: Held,
        owners: Sequence[Study],
        queries: Sequence[GroundingQuery],
    ) -> tuple[Maps, Maps, Maps]:
        """(Q,) each: on the named side, on the lesion, and the lesion's share of the image."""
        scores = grounding_scores(queries, owners, maps, self.settings, scene.problems)
        return on_side(maps, owners, here.sides, self.settings), scores["pointing"], scores["chance"]


def _flipped(scene: Scene, here: Held) -> tuple[list[Study], Maps]:
    """The cases' studies flipped, and their maps."""
    numbers, row = np.unique(here.numbers, return_inverse=True)
    studies = [perturb(scene.studies[n], FLIP) for n in numbers]
    maps = scene.maps(scene.look(studies), row.tolist(), here.phrases)
    return [studies[i] for i in row], maps


def _mirrored(query: GroundingQuery) -> GroundingQuery:
    """The query whose truth is the same lesion as the flipped image displays it."""
    return query if query.region is None else replace(query, region=mirror(query.region))
