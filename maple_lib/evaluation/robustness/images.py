"""Grounding on changed images: the same phrases, the same truth, other pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.study import BoolMask, Study
from maple_lib.evaluation.frame import Maps
from maple_lib.evaluation.grounding import score_maps
from maple_lib.evaluation.oddities import checked_truth, note_map
from maple_lib.evaluation.problems import Problems
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.queries import GroundingQuery, region_mask
from maple_lib.evaluation.robustness.perturbation import perturb
from maple_lib.evaluation.robustness.rows import facts, rows
from maple_lib.evaluation.robustness.scene import Scene, heats
from maple_lib.methods.inference import select

if TYPE_CHECKING:
    import pandas as pd

# Metric -> the share that decides its chance level, where it has one.
METRICS = {"pointing": "chance", "region_pointing": "region_chance", "cnr": None, "region_cnr": None}
Scores = dict[str, Maps]


@dataclass(frozen=True, eq=False)
class ImageProbe:
    """Every phrase asked of every changed image.

    Attributes:
        queries: phrases with their truth.
        conditions: names of perturbations.
        settings: how maps are made and scored.
        seed: of the perturbations.
    """

    queries: Sequence[GroundingQuery]
    conditions: Sequence[str]
    settings: GroundingProtocol
    seed: int

    @property
    def texts(self) -> list[str]:
        """The phrases."""
        return [query.phrase for query in self.queries]

    def ask(self, scene: Scene) -> list[pd.DataFrame]:
        """Rows of all conditions and metrics."""
        asked = [query for query in self.queries if scene.holds(query)]
        if not asked:
            return []
        owners = [scene.studies[scene.row(query)] for query in asked]
        about = facts(
            owners, [q.finding for q in asked], [q.region for q in asked], [q.phrase for q in asked]
        )
        plain = self._scores(scene, asked, None)
        found = []
        for condition in self.conditions:
            changed = self._scores(scene, asked, condition)
            for metric, chance in METRICS.items():
                by_chance = changed[chance] if chance else np.nan
                found.append(rows(about, condition, metric, changed[metric], plain[metric], by_chance))
        return found

    def _scores(self, scene: Scene, asked: Sequence[GroundingQuery], condition: str | None) -> Scores:
        """Grounding scores of the images under a condition, or as they are."""
        numbers, row = np.unique([scene.row(query) for query in asked], return_inverse=True)
        studies = [scene.studies[n] for n in numbers]
        images = select(scene.images, numbers.tolist())
        if condition is not None:
            studies = [perturb(study, condition, self.seed) for study in studies]
            images = scene.look(studies)
        maps = scene.maps(images, row.tolist(), [query.phrase for query in asked])
        return grounding_scores(asked, [studies[n] for n in row], maps, self.settings, scene.problems)


def grounding_scores(
    queries: Sequence[GroundingQuery],
    owners: Sequence[Study],
    maps: Maps,
    settings: GroundingProtocol,
    problems: Problems,
) -> Scores:
    """Every grounding metric, (Q,) each; in-region ones are NaN where no mask of the region is known.

    Args:
        queries: Q phrases.
        owners: the Q studies of which they are asked, with the truth.
        maps: (Q, h, w) similarity maps.
        settings: how they are smoothed, resized and scored.
        problems: takes what is odd about truths and maps.
    """
    found: Scores = {}
    for query, owner, values in zip(queries, owners, maps, strict=True):
        note_map(query, owner, values, problems)
    for part, heat in heats(maps, owners, settings):
        truth = np.stack([checked_truth(queries[i], owners[i], problems) for i in part])
        within = np.stack([_region(queries[i], owners[i]) for i in part])
        for metric, values in score_maps(heat, truth, within, settings.thresholds).items():
            found.setdefault(metric, np.full(len(queries), np.nan))[part] = values
    return found


def _region(query: GroundingQuery, study: Study) -> BoolMask:
    """(H, W) bool; a region that is not known has no pixel."""
    mask = region_mask(query, study)
    return np.zeros(study.image.pixels.shape, bool) if mask is None else mask
