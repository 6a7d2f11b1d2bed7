"""Zero-shot classification of studies by a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.zero_shot.labels import Labels, check_apart, label_matrix
from maple_lib.evaluation.zero_shot.multiclass import evaluate_multiclass
from maple_lib.evaluation.zero_shot.prompts import prompt_ensemble
from maple_lib.evaluation.zero_shot.protocol import ZeroShotProtocol
from maple_lib.evaluation.zero_shot.rates import Floats, best_threshold
from maple_lib.evaluation.zero_shot.result import ZeroShotResult
from maple_lib.evaluation.zero_shot.scoring import Scores, contrast_scores
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd


def evaluate_zero_shot(
    method: Any,
    studies: Sequence[Study],
    protocol: ZeroShotProtocol,
    batch_size: int = 32,
    validation_studies: Sequence[Study] | None = None,
    seed: int = 0,
) -> Result:
    """Tell findings by sentences.

    Args:
        method: anything that speaks the interface of a method.
        studies: with labels in this project's words.
        protocol: binary or multi-class, its prompts and how they are averaged.
        batch_size: studies per batch.
        validation_studies: other patients, on which thresholds are chosen; without them a protocol that asks
            for them gives only what needs no threshold.
        seed: of the resamples, and of the drawn sentences and studies of the multi-class protocols.

    Raises:
        MapleError: if no study has a label, a patient is in both sets, or a score is NaN.
    """
    if protocol.kind == "multiclass":
        return evaluate_multiclass(method, studies, protocol, batch_size, seed)
    findings = prompt_ensemble(protocol.prompts).findings
    labels = label_matrix(studies, findings, protocol.unsaid)
    scores = _scores(method, studies, protocol, batch_size)
    thresholds = np.full(len(findings), np.nan)
    if protocol.threshold == "oracle_threshold":
        thresholds = _thresholds(labels, scores, protocol)
    elif validation_studies is not None:
        check_apart(studies, validation_studies)
        known = label_matrix(validation_studies, findings, protocol.unsaid)
        thresholds = _thresholds(known, _scores(method, validation_studies, protocol, batch_size), protocol)
    table = score_table([study.study_id for study in studies], findings, labels, scores, thresholds)
    return ZeroShotResult(protocol, method_name(method), table, seed)


def score_table(
    study_ids: Sequence[str], findings: Sequence[str], labels: Labels, scores: Scores, thresholds: Floats
) -> pd.DataFrame:
    """The table of a ``ZeroShotResult`` from (N, F) labels and scores and (F,) thresholds."""
    import pandas as pd

    N, F = scores.shape
    return pd.DataFrame(
        {
            "finding": np.repeat(np.array(findings, object), N),
            "study_id": np.tile(np.array(study_ids, object), F),
            "label": labels.T.ravel(),
            "score": scores.T.ravel(),
            "threshold": np.repeat(thresholds, N),
        }
    )


def _scores(method: Any, studies: Sequence[Study], protocol: ZeroShotProtocol, batch_size: int) -> Scores:
    ensemble = prompt_ensemble(protocol.prompts)
    return contrast_scores(
        method, studies, ensemble, ensemble.findings, protocol.averaging, batch_size, protocol.regions
    )


def _thresholds(labels: Labels, scores: Scores, protocol: ZeroShotProtocol) -> Floats:
    """(F,) the best threshold of every finding."""
    columns = zip(labels.T, scores.T, strict=True)
    return np.array([best_threshold(y[y >= 0], s[y >= 0], protocol.maximise) for y, s in columns])
