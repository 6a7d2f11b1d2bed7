"""Which of several findings is it? Accuracy of the arg-max over studies that show exactly one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.bootstrap import bootstrap_interval
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.zero_shot.labels import exclusive, label_matrix
from maple_lib.evaluation.zero_shot.prompts import PromptEnsemble, prompt_ensemble
from maple_lib.evaluation.zero_shot.protocol import ZeroShotProtocol
from maple_lib.evaluation.zero_shot.scoring import Scores, prompt_scores
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class MulticlassResult(Result):
    """One row per study: ``study_id``, ``finding`` (the one it shows), ``predicted``, ``correct``.

    Attributes:
        classes: the findings to choose from.
    """

    classes: tuple[str, ...] = ()

    def summary(self) -> pd.DataFrame:
        """Accuracy over all studies (finding ``"all"``), of every class, and the classes' mean (``"macro"``).

        Returns:
            One row each: ``mean``, ``low``, ``high`` (bootstrap 95 %), ``chance`` (a guess), ``n``,
            ``undefined`` (for ``"macro"``: how many classes have no study).
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def _rows(self) -> Iterator[dict[str, object]]:
        correct = self.table["correct"].to_numpy(np.float64)
        shown = self.table["finding"].to_numpy(object)
        groups = {name: correct[shown == name] for name in self.classes}
        facts = {"protocol": str(self.protocol), "method": self.method, "metric": "accuracy"}
        resamples: int = getattr(self.protocol, "bootstrap", 0)
        for finding, values in {"all": correct, **groups}.items():
            low, high = bootstrap_interval(values, resamples, self.seed)
            row = {
                "finding": finding,
                "mean": values.mean() if len(values) else np.nan,
                "low": low,
                "high": high,
            }
            counts = {"n": len(values), "undefined": int(not len(values))}
            yield facts | row | {"chance": 1 / len(self.classes)} | counts
        mean, low, high = self._macro([values for values in groups.values() if len(values)], resamples)
        row = {"finding": "macro", "mean": mean, "low": low, "high": high, "chance": 1 / len(self.classes)}
        empty = sum(not len(values) for values in groups.values())
        yield facts | row | {"n": len(correct), "undefined": empty}

    def _macro(self, groups: Sequence[NDArray[np.float64]], resamples: int) -> tuple[float, float, float]:
        """Mean of the classes' means and its interval; the classes are resampled one by one."""
        means, sizes = np.array([g.mean() for g in groups]), np.array([len(g) for g in groups])
        # resampling n of n ones and zeros is a binomial draw
        draws = np.random.default_rng(self.seed).binomial(sizes, means, (resamples, len(groups))) / sizes
        low, high = np.quantile(draws.mean(1), [0.025, 0.975]) if resamples else (np.nan, np.nan)
        return float(means.mean()), float(low), float(high)

    def __str__(self) -> str:
        columns = ["finding", "mean", "low", "high", "chance", "n", "undefined"]
        text = self.summary()[columns].round(3).to_string(index=False)
        return f"{self.method} by protocol {self.protocol}, accuracy\n{text}"


def evaluate_multiclass(
    method: Any, studies: Sequence[Study], protocol: ZeroShotProtocol, batch_size: int = 32, seed: int = 0
) -> MulticlassResult:
    """Choose one of the ensemble's findings for every study that shows exactly one.

    Args:
        method: anything that speaks the interface of a method.
        studies: those that show none, several, or another one uncertainly are not asked.
        protocol: its prompts, how many of them, and how their similarities are brought together.
        batch_size: studies per batch.
        seed: of the drawn sentences and studies.

    Raises:
        MapleError: if no study shows exactly one of the findings, or a score is NaN.

    Source: the task and the variant with 5 sentences, maximum and z-score: GLoRIA (ICCV 2021); the variant
    with all sentences and their mean: CXR-CLIP (MICCAI 2023).
    """
    import pandas as pd

    ensemble, rng = prompt_ensemble(protocol.prompts), np.random.default_rng(seed)
    shown = exclusive(label_matrix(studies, ensemble.findings, protocol.unsaid))
    rows = _chosen(shown, protocol.per_class, rng)
    if not len(rows):
        asked = ", ".join(ensemble.findings)
        raise MapleError(f"{len(studies)} studies", f"none shows exactly one of {asked}", "give more studies")
    chosen = [studies[row] for row in rows]
    groups = _sentences(ensemble, protocol.prompts_per_class, rng)
    scores = prompt_scores(method, chosen, groups, protocol.averaging, batch_size, protocol.regions)
    picked = (z_scores(scores) if protocol.z_score else scores).argmax(1)
    names = np.array(ensemble.findings, object)
    columns = {"study_id": [study.study_id for study in chosen], "finding": names[shown[rows]]}
    table = pd.DataFrame(columns | {"predicted": names[picked], "correct": picked == shown[rows]})
    return MulticlassResult(protocol, method_name(method), table, seed, ensemble.findings)


def z_scores(scores: Scores) -> Scores:
    """(N, G) brought to mean 0 and deviation 1 over the N images; a class that is the same for all gets 0.

    One image alone stays as it is.
    """
    if len(scores) < 2:
        return scores
    spread = scores.std(0)
    return np.where(spread > 0, (scores - scores.mean(0)) / np.where(spread > 0, spread, 1), 0.0)


def _chosen(shown: NDArray[np.int64], most: int | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of the studies that show one class, at most ``most`` of each, in their order."""
    groups = [np.flatnonzero(shown == number) for number in range(shown.max(initial=-1) + 1)]
    kept = [rows if most is None else rng.permutation(rows)[:most] for rows in groups]
    return np.sort(np.concatenate(kept)) if kept else np.zeros(0, np.int64)


def _sentences(ensemble: PromptEnsemble, most: int | None, rng: np.random.Generator) -> list[list[str]]:
    """The sentences of every class; ``most`` of them drawn."""
    every = [list(ensemble.positive(name)) for name in ensemble.findings]
    if most is None:
        return every
    return [[said[i] for i in sorted(rng.permutation(len(said))[:most])] for said in every]
