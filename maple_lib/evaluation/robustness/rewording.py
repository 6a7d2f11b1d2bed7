"""Rewording: the same finding at the same place, said in other ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.evaluation.frame import Maps
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.queries import GroundingQuery
from maple_lib.evaluation.robustness.images import grounding_scores
from maple_lib.evaluation.robustness.rows import facts, rows
from maple_lib.evaluation.robustness.scene import Scene
from maple_lib.evaluation.robustness.wording import wordings

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RewordingProbe:
    """Phrases with a place, each in several wordings.

    Attributes:
        queries: those that can be said in other words.
        settings: how maps are made and scored.
    """

    queries: Sequence[GroundingQuery]
    settings: GroundingProtocol

    @classmethod
    def of(cls, queries: Sequence[GroundingQuery], settings: GroundingProtocol) -> RewordingProbe:
        """Of the queries those that have other wordings."""
        return cls([query for query in queries if wordings(query)], settings)

    @property
    def texts(self) -> list[str]:
        """The phrases of the studies, and all wordings."""
        return [text for query in self.queries for text in (query.phrase, *wordings(query))]

    def ask(self, scene: Scene) -> list[pd.DataFrame]:
        """Likeness of the maps, and what the wording changes of the in-region pointing game."""
        asked = [query for query in self.queries if scene.holds(query)]
        if not asked:
            return []
        said = [(query.phrase, *wordings(query)) for query in asked]
        numbers = [scene.row(query) for query in asked for _ in said[0]]
        repeated = [query for query in asked for _ in said[0]]
        maps = scene.maps(scene.images, numbers, list(chain.from_iterable(said)))
        shown = [scene.studies[n] for n in numbers]
        scores = grounding_scores(repeated, shown, maps, self.settings, scene.problems)
        hit = scores["region_pointing"].reshape(len(asked), -1)
        chance = scores["region_chance"].reshape(hit.shape)[:, 0]
        owners = [scene.studies[scene.row(query)] for query in asked]
        about = facts(
            owners, [q.finding for q in asked], [q.region for q in asked], [q.phrase for q in asked]
        )
        alike = likeness(maps.reshape(*hit.shape, -1)[:, 1:])
        return [
            rows(about, "rewording", "map correlation", alike),
            rows(about, "rewording", "region_pointing", hit[:, 1:].mean(1), hit[:, 0], chance),
            rows(about, "rewording", "region_pointing spread", np.ptp(hit[:, 1:], axis=1)),
        ]


def likeness(maps: Maps) -> Maps:
    """Mean absolute correlation of each query's maps with each other.

    Args:
        maps: (Q, K, N) K maps of N patches of each query.

    Returns:
        (Q,) in [0, 1]; NaN where a map is constant or holds NaN.
    """
    exact = maps.astype(np.float64)
    centred = exact - exact.mean(-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = centred / np.linalg.norm(centred, axis=-1, keepdims=True)
    first, second = np.triu_indices(maps.shape[1], 1)
    pairs = np.abs(np.einsum("qkn,qln->qkl", unit, unit)[:, first, second])
    # Row by row in memory: otherwise the order of the sum, and its last bit, depend on the number of queries.
    return np.ascontiguousarray(pairs).mean(-1)
