"""Image and report find each other: R@K, P@K and mAP in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.bootstrap import bootstrap_interval
from maple_lib.evaluation.protocols import RetrievalProtocol
from maple_lib.evaluation.ranking import Bools, chance_metrics, rank_metrics
from maple_lib.evaluation.result import Result
from maple_lib.methods.inference import encode_studies, encode_texts, inference, method_name

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RetrievalResult(Result):
    """One row per query and direction; ``chance`` beside every metric."""

    def summary(self) -> pd.DataFrame:
        """Mean, bootstrap 95 % interval and chance of every metric, by direction."""
        import pandas as pd

        assert isinstance(self.protocol, RetrievalProtocol)
        rows: list[dict[str, object]] = []
        for (direction, metric), group in self.table.groupby(["direction", "metric"], sort=False):
            low, high = bootstrap_interval(group["value"], self.protocol.bootstrap, self.seed)
            rows.append(
                {
                    "protocol": str(self.protocol),
                    "method": self.method,
                    "direction": direction,
                    "metric": metric,
                    "mean": group["value"].mean(),
                    "low": low,
                    "high": high,
                    "chance": group["chance"].mean(),
                    "n": len(group),
                    "undefined": int(group["value"].isna().sum()),
                }
            )
        return pd.DataFrame(rows)

    def __str__(self) -> str:
        return f"{self.method} by protocol {self.protocol}\n{self.summary().round(3).to_string(index=False)}"


def same_text(texts: Sequence[str], dedupe: bool = True) -> Bools:
    """(N, N) bool, True where text j is right for study i: its own, and with ``dedupe`` every equal one."""
    if not dedupe:
        return np.eye(len(texts), dtype=bool)
    number = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    kinds = np.array([number[text] for text in texts])
    return kinds[:, None] == kinds


def score_retrieval(
    images: NDArray[np.floating],
    texts: NDArray[np.floating],
    reports: Sequence[str],
    protocol: RetrievalProtocol,
    study_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Score both directions from embeddings.

    Args:
        images: (N, D) unit-norm image embeddings.
        texts: (N, D) unit-norm embeddings of the reports of the same studies, in the same order.
        reports: the N report texts, for the deduplication.
        protocol: gives the cut-offs and whether equal texts count.
        study_ids: names of the rows; their numbers if not given.

    Returns:
        Tidy table: study_id, direction, metric, value, chance.

    Raises:
        MapleError: if there is no study or the numbers of rows disagree.
    """
    import pandas as pd

    if not len(images) == len(texts) == len(reports):
        raise MapleError(
            f"{len(images)} images, {len(texts)} texts, {len(reports)} reports",
            "numbers disagree",
            "give one of each per study, in the same order",
        )
    right = same_text(reports, protocol.dedupe)
    scores = np.asarray(images) @ np.asarray(texts).T
    chance = chance_metrics(right, protocol.ks)
    frames = []
    for direction, matrix in (("image->text", scores), ("text->image", scores.T)):
        for metric, values in rank_metrics(matrix, right, protocol.ks).items():
            columns = {"direction": direction, "metric": metric, "value": values, "chance": chance[metric]}
            names = range(len(reports)) if study_ids is None else study_ids
            frames.append(pd.DataFrame({"study_id": list(names), **columns}))
    return pd.concat(frames, ignore_index=True)


def evaluate_retrieval(
    method: Any, studies: Sequence[Study], protocol: RetrievalProtocol, batch_size: int = 32
) -> RetrievalResult:
    """Embed images and reports of studies and let them find each other.

    Raises:
        MapleError: if there is no study.
    """
    import torch

    if not studies:
        raise MapleError("studies", "none given", "give at least one study")
    reports = [study.report for study in studies]
    with inference(method):
        images = torch.cat([f.pooled for _, f in encode_studies(method, studies, batch_size)]).float()
        texts = encode_texts(method, reports, batch_size).pooled.float()
    names = [study.study_id for study in studies]
    table = score_retrieval(images.cpu().numpy(), texts.cpu().numpy(), reports, protocol, names)
    return RetrievalResult(protocol, method_name(method), table)
