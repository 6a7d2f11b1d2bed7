"""Findings told by the nearest sentence of a method's own codebook, as in MApLe."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.zero_shot.evaluating import score_table
from maple_lib.evaluation.zero_shot.labels import label_matrix
from maple_lib.evaluation.zero_shot.protocol import CodebookProtocol
from maple_lib.evaluation.zero_shot.result import ZeroShotResult
from maple_lib.evaluation.zero_shot.scoring import Scores
from maple_lib.methods.inference import encode_studies, inference, method_name


def evaluate_codebook(
    method: Any,
    studies: Sequence[Study],
    protocol: CodebookProtocol,
    batch_size: int = 32,
    seed: int = 0,
) -> ZeroShotResult:
    """Score the answers of ``method.zero_shot(images, regions)``.

    Args:
        method: one with a codebook.
        studies: with labels; their regions are given to the method where all studies have some.
        protocol: what a finding means that the labels do not name, and how many cases one needs.
        batch_size: studies per batch.
        seed: of the resamples.

    Returns:
        A result whose scores are cosine of the nearest sentence that says present minus that of the nearest
        that says absent, its threshold 0; NaN, so undefined, where the method did not learn the finding.

    Raises:
        MapleError: if the method has no codebook, or no study has a label.

    Source: MApLe (MIDL 2026): accuracy, F1, sensitivity, specificity, PPV, NPV and one-point AUC of the
    nearest of 40 sentences per state.
    """
    if not callable(getattr(method, "zero_shot", None)):
        raise MapleError(
            f"method {method_name(method)!r}", "has no codebook", "use a zero_shot protocol instead"
        )
    findings, scores = _answers(method, studies, batch_size)
    labels = label_matrix(studies, findings, protocol.unsaid)
    names = [study.study_id for study in studies]
    table = score_table(names, findings, labels, scores, np.zeros(len(findings)))
    return ZeroShotResult(protocol, method_name(method), table, seed)


def _answers(method: Any, studies: Sequence[Study], batch_size: int) -> tuple[tuple[str, ...], Scores]:
    """The method's findings, and (N, F) scores."""
    import torch

    # what encodes studies asks for features; here an image's features are its answers
    asked = SimpleNamespace(image_size=method.image_size, grid=method.grid, encode_images=method.zero_shot)
    if hasattr(method, "parameters"):
        asked.parameters = method.parameters
    regions = all(len(study.regions) for study in studies)
    with inference(method):
        answers: list[Any] = [answer for _, answer in encode_studies(asked, studies, batch_size, regions)]
    if not answers:
        raise MapleError("studies", "none given", "give at least one study")
    return answers[0].findings, torch.cat([answer.scores.cpu() for answer in answers]).double().numpy()
