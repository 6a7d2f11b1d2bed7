"""Negation: does "no X" score below "X" where X is seen, and above it where X is not?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from maple_lib.data.study import Study
from maple_lib.evaluation.frame import Maps, masks_on_grid
from maple_lib.evaluation.queries import GroundingQuery, truth_mask
from maple_lib.evaluation.robustness.rows import facts, rows
from maple_lib.evaluation.robustness.scene import Scene
from maple_lib.evaluation.robustness.wording import implied, statements

if TYPE_CHECKING:
    import pandas as pd

PRESENT, ABSENT = "negation", "negation, absent"
LESION, WITHIN = "negation in the lesion", "similarity in the lesion"


@dataclass(frozen=True, eq=False)
class NegationProbe:
    """Every finding stated and denied of every study of which it is known.

    Attributes:
        studies: all studies.
        exact: whether what a study does not name is absent (phantoms).
        findings: F findings that are asked about.
    """

    studies: Sequence[Study]
    exact: bool
    findings: tuple[str, ...]

    @classmethod
    def of(cls, studies: Sequence[Study], exact: bool) -> NegationProbe:
        """Ask about every finding that at least one study shows."""
        shown = set().union(*(present_findings(study) for study in studies))
        return cls(studies, exact, tuple(sorted(shown)))

    @property
    def texts(self) -> list[str]:
        """Statements and denials, F times K times two."""
        return list(chain.from_iterable(chain.from_iterable(map(statements, self.findings))))

    def ask(self, scene: Scene) -> list[pd.DataFrame]:
        """Rows of present pairs, of absent pairs, and of maps inside lesions."""
        if not self.findings:
            return []
        scores = scene.similarity(self.texts).reshape(len(scene.studies), len(self.findings), -1, 2)
        below = (scores[..., 1] < scores[..., 0]).mean(-1)
        above = (scores[..., 1] > scores[..., 0]).mean(-1)
        there, missing = self._known(scene.studies)
        undefined = np.isnan(scores).any((2, 3))
        found = self._pairs(scene, PRESENT, np.where(undefined, np.nan, below), there)
        found += self._pairs(scene, ABSENT, np.where(undefined, np.nan, above), missing)
        return found + self._maps(scene)

    def _known(self, studies: Sequence[Study]) -> tuple[Maps, Maps]:
        """(B, F) bool each: which findings are known to be present, and which to be absent."""
        present = [present_findings(study) for study in studies]
        there = np.array([[f in names for f in self.findings] for names in present])
        if self.exact:
            either = [set().union(*map(implied, names)) for names in present]
            return there, np.array([[f not in names for f in self.findings] for names in either])
        missing = [[study.labels.get(f) == 0 for f in self.findings] for study in studies]
        return there, np.array(missing) & ~there

    def _pairs(self, scene: Scene, metric: str, values: Maps, which: Maps) -> list[pd.DataFrame]:
        pairs = np.argwhere(which).tolist()
        if not pairs:
            return []
        names = [self.findings[f] for _, f in pairs]
        phrases = [statements(name)[0][1] for name in names]
        about = facts([scene.studies[b] for b, _ in pairs], names, [None] * len(names), phrases)
        return [rows(about, "negation", metric, values[which], chance=0.5)]

    def _maps(self, scene: Scene) -> list[pd.DataFrame]:
        """Mean similarity inside the lesions, of the statements and of their denials."""
        places = [
            (row, GroundingQuery(row, "", name, None, location_free=True))
            for row, study in enumerate(scene.studies)
            for name in dict.fromkeys(lesion.finding for lesion in study.lesions)
        ]
        if not places:
            return []
        said = [list(chain.from_iterable(statements(query.finding))) for _, query in places]
        asked = [row for (row, _), texts in zip(places, said, strict=True) for _ in texts]
        maps = scene.maps(scene.images, asked, list(chain.from_iterable(said)))
        owners = [scene.studies[row] for row, _ in places]
        masks = [truth_mask(query, study) for (_, query), study in zip(places, owners, strict=True)]
        inside = _mean_inside(maps.reshape(len(places), -1, 2, *maps.shape[1:]), masks)
        names = [query.finding for _, query in places]
        about = facts(owners, names, [None] * len(names), [texts[1] for texts in said])
        yes, no = inside[..., 0], inside[..., 1]
        lower = np.where(np.isnan(yes + no), np.nan, no < yes).mean(-1)
        return [
            rows(about, "negation", LESION, lower, chance=0.5),
            rows(about, "negation", WITHIN, no.mean(-1), yes.mean(-1)),
        ]


def present_findings(study: Study) -> set[str]:
    """Findings that a study is known to show: its lesions, its phrases with places, its labels."""
    drawn = {lesion.finding for lesion in study.lesions} | {phrase.finding for phrase in study.phrases}
    return drawn | {name for name, state in study.labels.items() if state == 1}


def _mean_inside(maps: Maps, masks: Sequence[Maps]) -> Maps:
    """(P, K, 2) mean of (P, K, 2, h, w) maps over masks (H, W), by the share of each patch they cover."""
    weights = masks_on_grid(masks, (maps.shape[-2], maps.shape[-1]))
    total = weights.sum((1, 2))[:, None, None]
    with np.errstate(invalid="ignore"):
        mean: Maps = np.einsum("pkshw,phw->pks", maps, weights) / total
    return mean
