"""Does a method see the finding, or what it went with in training?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.diagnostics.protocol import ShortcutProtocol
from maple_lib.evaluation.diagnostics.shortcut_studies import CONDITIONS, ShortcutStudies
from maple_lib.evaluation.protocols import protocol as named_protocol
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.zero_shot.labels import label_matrix
from maple_lib.evaluation.zero_shot.prompts import prompt_ensemble
from maple_lib.evaluation.zero_shot.rates import Floats, binary_metrics, resample_weights
from maple_lib.evaluation.zero_shot.scoring import contrast_scores
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ShortcutResult(Result):
    """One row per condition and study: ``condition``, ``study_id``, ``label`` of the finding, ``score``.

    Attributes:
        finding, shortcut: what was asked for, and what goes with it.
    """

    finding: str = ""
    shortcut: str = ""

    @cached_property
    def uses_shortcut(self) -> bool:
        """True if the AUC falls when the shortcut is reversed: the whole interval lies above 0."""
        rows = self.summary()
        fall = rows[(rows["metric"] == "drop") & (rows["condition"] == "reversed")]
        return bool(fall["low"].iloc[0] > 0)

    def summary(self) -> pd.DataFrame:
        """AUC under every condition, and by how much it falls from where the shortcut holds.

        Returns:
            One row per condition for metric ``auc``; for ``drop`` one for ``absent``, one for ``reversed``:
            ``mean``, ``low``, ``high`` (bootstrap 95 % over patients, the same ones under every condition),
            ``chance``, ``n``, ``undefined``.
        """
        import pandas as pd

        return pd.DataFrame(list(self._rows()))

    def __str__(self) -> str:
        title = f"{self.method} by protocol {self.protocol}: {self.finding}, shortcut {self.shortcut}"
        columns = ["condition", "metric", "mean", "low", "high", "chance", "n", "undefined"]
        verdict = "uses the shortcut" if self.uses_shortcut else "no use of the shortcut shown"
        return f"{title}\n{self.summary()[columns].round(3).to_string(index=False)}\n{verdict}"

    def _rows(self) -> Iterator[dict[str, object]]:
        resamples: int = getattr(self.protocol, "bootstrap", 0)
        n = len(self.table) // len(CONDITIONS)
        once = self._auc(np.ones((1, n)))
        drawn = self._auc(resample_weights(n, resamples, np.random.default_rng(self.seed)))
        keys = [("auc", name) for name in CONDITIONS] + [("drop", name) for name in CONDITIONS[1:]]
        for metric, condition in keys:
            value, spread = once[condition], drawn[condition]
            if metric == "drop":
                value, spread = once["holds"] - value, drawn["holds"] - spread
            some = spread[~np.isnan(spread)]
            low, high = np.quantile(some, [0.025, 0.975]) if len(some) else (np.nan, np.nan)
            yield {
                "protocol": str(self.protocol),
                "method": self.method,
                "finding": self.finding,
                "shortcut": self.shortcut,
                "condition": condition,
                "metric": metric,
                "mean": value[0],
                "low": low,
                "high": high,
                "chance": 0.5 if metric == "auc" else 0.0,
                "n": n,
                "undefined": int(np.isnan(value[0])),
            }

    def _auc(self, weights: Floats) -> dict[str, Floats]:
        """Condition -> (R,)."""
        return {
            str(name): binary_metrics(rows["label"], rows["score"], weights=weights)["auc"]
            for name, rows in self.table.groupby("condition", sort=False)
        }


def evaluate_shortcut(
    method: Any,
    studies: ShortcutStudies,
    protocol: ShortcutProtocol | str = "shortcut_phantom",
    batch_size: int = 32,
    seed: int = 0,
) -> ShortcutResult:
    """Ask for the finding where the shortcut holds, is absent, and is reversed.

    Args:
        method: anything that speaks the interface of a method.
        studies: of ``shortcut_studies``, or three sets of one's own with the same patients in the same order.
        protocol: the prompts and how they are averaged.
        batch_size: studies per batch.
        seed: of the resamples.

    Returns:
        A method that looks at the finding scores the same three times; one that looks at the shortcut falls
        to chance and below it.

    Raises:
        MapleError: if there are no three sets, the sets do not match study by study, a label is uncertain,
            all show the finding or none does, or a score is NaN.
    """
    import pandas as pd

    chosen = named_protocol(protocol) if isinstance(protocol, str) else protocol
    assert isinstance(chosen, ShortcutProtocol)
    if not isinstance(studies, ShortcutStudies):
        raise MapleError("studies", "not the three sets of a shortcut test", "use shortcut_studies(...)")
    sets = {name: getattr(studies, name) for name in CONDITIONS}
    labels = _labels(sets, studies.finding, chosen)
    tables = []
    for name, each in sets.items():
        scores = contrast_scores(
            method,
            each,
            prompt_ensemble(chosen.prompts),
            [studies.finding],
            chosen.averaging,
            batch_size,
            chosen.regions,
        )
        columns = {"study_id": [study.study_id for study in each], "label": labels, "score": scores[:, 0]}
        tables.append(pd.DataFrame({"condition": name, **columns}))
    table = pd.concat(tables, ignore_index=True)
    return ShortcutResult(
        chosen, method_name(method), table, seed, finding=studies.finding, shortcut=studies.shortcut
    )


def _labels(sets: dict[str, Sequence[Study]], finding: str, protocol: ShortcutProtocol) -> Floats:
    """(N,) 1 or 0, the same in all sets."""
    told = [label_matrix(each, [finding], protocol.unsaid)[:, 0] for each in sets.values()]
    if any(not np.array_equal(told[0], other) for other in told[1:]):
        raise MapleError(
            "the three sets", "do not match study by study", "give the same patients in one order"
        )
    if set(told[0].tolist()) != {0, 1}:
        raise MapleError(
            f"labels of {finding!r}",
            f"are {sorted(set(told[0].tolist()))}",
            "give studies with it and without",
        )
    return told[0].astype(np.float64)
