"""Image and report find each other: R@K, P@K and mAP in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.encoding import encode_readable, similarities
from maple_lib.evaluation.problems import Problems, list_studies
from maple_lib.evaluation.protocols import RetrievalProtocol
from maple_lib.evaluation.ranking import Bools, chance_metrics, rank_metrics
from maple_lib.evaluation.ranking_result import RankingResult
from maple_lib.methods.inference import encode_texts, inference, method_name

if TYPE_CHECKING:
    import pandas as pd


class RetrievalResult(RankingResult):
    """One row per query, direction and metric: R@K, P@K and AP, whose mean is mAP."""


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
    if not len(images) == len(texts) == len(reports):
        raise MapleError(
            f"{len(images)} images, {len(texts)} texts, {len(reports)} reports",
            "numbers disagree",
            "give one of each per study, in the same order",
        )
    return score_matrix(np.asarray(images) @ np.asarray(texts).T, reports, protocol, study_ids)


def score_matrix(
    scores: NDArray[np.floating],
    reports: Sequence[str],
    protocol: RetrievalProtocol,
    study_ids: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Score both directions from (N, N) similarities of images and reports; as ``score_retrieval``."""
    import pandas as pd

    right = same_text(reports, protocol.dedupe)
    chance = chance_metrics(right, protocol.ks)
    names = list(range(len(reports)) if study_ids is None else study_ids)
    frames = []
    for direction, matrix in (("image->text", scores), ("text->image", scores.T)):
        for metric, values in rank_metrics(matrix, right, protocol.ks).items():
            columns = {"direction": direction, "metric": metric, "value": values, "chance": chance[metric]}
            frames.append(pd.DataFrame({"study_id": names, **columns}))
    return pd.concat(frames, ignore_index=True)


def evaluate_retrieval(
    method: Any, studies: Sequence[Study], protocol: RetrievalProtocol, batch_size: int = 32
) -> RetrievalResult:
    """Let images and reports of studies find each other, by the method's own ``similarity``.

    Args:
        method: anything that speaks the interface of a method; without ``similarity`` it is asked for the
            cosine of its pooled embeddings.
        studies: N of them; those without a report or with an image that cannot be read are left out, counted.
        protocol: gives the cut-offs, whether equal texts count, and whether the method is given the anatomy;
            it is given none where a study has none, for scores with and without do not compare.
        batch_size: studies read at a time; it does not change the scores.

    Raises:
        MapleError: if no study has a report.
    """
    import torch

    problems = Problems()
    told = [study for study in list_studies(studies, problems) if _has_report(study, problems)]
    if not told:
        raise MapleError("studies", "none given that has a report", "give at least one study")
    regions = protocol.regions and all(len(study.regions) for study in told)
    with inference(method):
        texts = encode_texts(method, [study.report for study in told])
        parts = [
            (part.index, similarities(method, part.features, texts))
            for part in encode_readable(method, told, batch_size, regions, problems)
        ]
    kept = [i for index, _ in parts for i in index]
    scores = torch.cat([rows for _, rows in parts]).numpy()[:, kept]
    reports, names = ([getattr(told[i], name) for i in kept] for name in ("report", "study_id"))
    table = score_matrix(scores, reports, protocol, names)
    return RetrievalResult(protocol, method_name(method), table, problems=problems.table())


def _has_report(study: Study, problems: Problems) -> bool:
    if not study.report.strip():
        problems.add(study.study_id, "no report: left out")
    return bool(study.report.strip())
