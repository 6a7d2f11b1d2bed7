"""Linear probe: the image encoder is frozen, one linear layer learns on its pooled features."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from maple_lib.data.study import Study
from maple_lib.evaluation.probe.backbone import Backbone
from maple_lib.evaluation.probe.cases import Cases
from maple_lib.evaluation.probe.fitting import Fitted, fit
from maple_lib.evaluation.probe.heads import known_loss, label_tensors, zero_linear
from maple_lib.evaluation.probe.protocols import ProbeProtocol
from maple_lib.evaluation.probe.result import ProbeResult
from maple_lib.evaluation.probe.run import Learn, Scores, rule_of, run_probe
from maple_lib.evaluation.probe.splits import Index
from maple_lib.methods.inference import encode_studies, inference


def evaluate_linear_probe(
    method: Any,
    studies: Sequence[Study],
    protocol: ProbeProtocol,
    *,
    train_studies: Sequence[Study] = (),
    validation_studies: Sequence[Study] | None = None,
    seed: int = 0,
    batch_size: int = 32,
    with_floors: bool = True,
) -> ProbeResult:
    """Predict findings from a method's frozen image encoder.

    The feature is the mean of the patches before the projection. Every study is encoded once.

    Args:
        method: anything that speaks the interface of a method; it is left as it is.
        studies: labelled studies to test on: never what the method was trained on.
        protocol: labels, shares, rule of training.
        train_studies: labelled studies of other patients.
        validation_studies: decide when training stops; without them part of the training patients do.
        seed: of the order of training, of the random weights and of the bootstrap.
        batch_size: studies encoded at a time; it does not change the scores.
        with_floors: whether to probe random weights too, and to add the row of the prevalence.

    Raises:
        MapleError: if a side has no labelled study, or a patient is on two sides.

    Source: MGCA (NeurIPS 2022) and its predecessors, linear classification.
    """

    def learner(backbone: Backbone, cases: Cases) -> Learn:
        features = pooled_features(backbone, cases.studies, batch_size)
        return partial(train_layer, features, cases, protocol, seed)

    return run_probe(method, studies, train_studies, validation_studies, protocol, learner, seed, with_floors)


def pooled_features(backbone: Backbone, studies: Sequence[Study], batch_size: int) -> Tensor:
    """(N, C) float64 mean of every study's patches, on the CPU."""
    with inference(backbone):
        parts = [f.pooled.double().cpu() for _, f in encode_studies(backbone, studies, batch_size)]
    return torch.cat(parts)  # outside of inference mode, so that a loss may look at them


def train_layer(
    features: Tensor, cases: Cases, protocol: ProbeProtocol, seed: int, train: Index
) -> tuple[Scores, Fitted]:
    """Train a linear layer on features (N, C) of the cases' studies, those with the numbers ``train``.

    Returns:
        Logits of the test studies, (n, F), and how the training went.
    """
    rows = torch.from_numpy(train)
    if protocol.standardise:
        features = standardised(features, rows)
    present, known = label_tensors(cases.labels, features)
    layer = zero_linear(features.shape[1], present.shape[1]).double()

    def loss(index: Tensor) -> Tensor:
        return known_loss(layer(features[index]), present[index], known[index])

    held = torch.from_numpy(cases.validation)
    fitted = fit(
        layer,
        lambda batch: loss(rows[batch]),
        len(rows),
        lambda: float(loss(held)),
        [(layer, protocol.learning_rate)],
        rule_of(protocol, seed),
    )
    with torch.no_grad():
        return layer(features[torch.from_numpy(cases.test)]).numpy(), fitted


def standardised(features: Tensor, rows: Tensor) -> Tensor:
    """Features (N, C) with mean 0 and deviation 1 over some rows; a constant feature stays near 0."""
    chosen = features[rows]
    spread = chosen.std(0, correction=0)
    typical = spread.square().mean().sqrt().clamp_min(1e-12)
    return (features - chosen.mean(0)) / spread.clamp_min(1e-3 * typical)
