"""Is a zero-shot probability of 0.7 right in seven cases of ten, before and after one scaling?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.diagnostics.calibration_result import CalibrationResult
from maple_lib.evaluation.diagnostics.protocol import CalibrationProtocol
from maple_lib.evaluation.diagnostics.reliability import fit_temperature, probabilities
from maple_lib.evaluation.zero_shot.labels import Labels, check_apart, label_matrix
from maple_lib.evaluation.zero_shot.prompts import prompt_ensemble
from maple_lib.evaluation.zero_shot.scoring import Scores, contrast_scores
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd


def evaluate_calibration(
    method: Any,
    studies: Sequence[Study],
    protocol: CalibrationProtocol,
    batch_size: int = 32,
    validation_studies: Sequence[Study] | None = None,
    seed: int = 0,
) -> CalibrationResult:
    """Judge the probabilities softmax(similarity to present, similarity to absent).

    Args:
        method: anything that speaks the interface of a method.
        studies: with labels.
        protocol: the prompts, the first temperature, the number of bins.
        batch_size: studies per batch.
        validation_studies: other patients, on whom one temperature for all findings is fitted; None for none.
        seed: of the resamples.

    Raises:
        MapleError: if no study has a label, a patient is in both sets, a score is NaN, or neither the
            protocol nor the method says a temperature.

    Source: Guo et al., ICML 2017 (temperature, bins of equal width); Nixon et al., 2019 (bins of equal mass).
    """
    if validation_studies is not None:
        check_apart(studies, validation_studies)
    labels, contrast = _scored(method, studies, protocol, batch_size)
    temperatures = {"before": _temperature(method, protocol)}
    if validation_studies is not None:
        known, seen = _scored(method, validation_studies, protocol, batch_size)
        temperatures["after"] = fit_temperature(seen[known >= 0], known[known >= 0])
    names = [study.study_id for study in studies]
    table = _table(names, prompt_ensemble(protocol.prompts).findings, labels, contrast, temperatures)
    return CalibrationResult(protocol, method_name(method), table, seed, tuple(temperatures.items()))


def _scored(
    method: Any, studies: Sequence[Study], protocol: CalibrationProtocol, batch_size: int
) -> tuple[Labels, Scores]:
    """(N, F) labels and contrasts."""
    ensemble = prompt_ensemble(protocol.prompts)
    labels = label_matrix(studies, ensemble.findings, protocol.unsaid)
    return labels, contrast_scores(
        method, studies, ensemble, ensemble.findings, protocol.averaging, batch_size, protocol.regions
    )


def _temperature(method: Any, protocol: CalibrationProtocol) -> float:
    if protocol.temperature is not None:
        return protocol.temperature
    own = getattr(getattr(method, "config", None), "temperature", None)
    if own is None:
        raise MapleError(
            f"method {method_name(method)!r}",
            "has no temperature of its own",
            "use a protocol that names one",
        )
    return float(own)


def _table(
    study_ids: Sequence[str],
    findings: Sequence[str],
    labels: Labels,
    contrast: Scores,
    temperatures: dict[str, float],
) -> pd.DataFrame:
    import pandas as pd

    N, F, S = *contrast.shape, len(temperatures)
    said = [probabilities(contrast, temperature).T for temperature in temperatures.values()]
    return pd.DataFrame(
        {
            "scaling": np.repeat(np.array([*temperatures], object), N * F),
            "finding": np.tile(np.repeat(np.array(findings, object), N), S),
            "study_id": np.tile(np.array(study_ids, object), F * S),
            "label": np.tile(labels.T.ravel(), S),
            "probability": np.stack(said).ravel(),
        }
    )
