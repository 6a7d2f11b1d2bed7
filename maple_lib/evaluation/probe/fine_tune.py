"""Fine-tuning: a copy of the image encoder trains together with a linear layer on it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from maple_lib.data.pixels import images_tensor
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.probe.backbone import Backbone
from maple_lib.evaluation.probe.cases import Cases, Picked
from maple_lib.evaluation.probe.fitting import Fitted, fit
from maple_lib.evaluation.probe.heads import known_loss, label_tensors, zero_linear
from maple_lib.evaluation.probe.protocols import FineTuneProtocol
from maple_lib.evaluation.probe.result import ProbeResult
from maple_lib.evaluation.probe.run import Learn, Scores, rule_of, run_probe
from maple_lib.evaluation.probe.splits import Index
from maple_lib.methods.inference import encode_studies, inference


def evaluate_fine_tune(
    method: Any,
    studies: Sequence[Study],
    protocol: FineTuneProtocol,
    *,
    train_studies: Sequence[Study] = (),
    validation_studies: Sequence[Study] | None = None,
    seed: int = 0,
    batch_size: int = 32,
    with_floors: bool = True,
) -> ProbeResult:
    """Predict findings by a method's image encoder after training it further on the labels.

    Args:
        method: anything that speaks the interface of a method and has weights; a copy is trained.
        studies: labelled studies to test on: never what the method was trained on.
        protocol: labels, shares, rule of training, and both learning rates.
        train_studies: labelled studies of other patients.
        validation_studies: decide when training stops; without them part of the training patients do.
        seed: of the order of training, of the random weights and of the bootstrap.
        batch_size: studies encoded at a time when nothing is trained; it does not change the scores.
        with_floors: whether to train from random weights too, and to add the row of the prevalence.

    Raises:
        MapleError: if a side has no labelled study, a patient is on two sides, or the method has no weights.
    """

    def learner(backbone: Backbone, cases: Cases) -> Learn:
        if next(backbone.parameters(), None) is None:
            raise MapleError("method", "has no weights to train", "use the linear probe")
        return partial(_learn, backbone, cases, protocol, seed, batch_size)

    return run_probe(method, studies, train_studies, validation_studies, protocol, learner, seed, with_floors)


class _Classifier(nn.Module):
    """An image encoder, and a linear layer on the mean of its patches."""

    def __init__(self, backbone: Backbone, findings: int, width: int) -> None:
        super().__init__()
        self.backbone = deepcopy(backbone).requires_grad_(True)
        self.layer = zero_linear(width, findings).to(backbone.device)

    def forward(self, images: Tensor) -> Tensor:
        """(B, F) logits of (B, 1, S, S) images."""
        logits: Tensor = self.layer(self.backbone(images).mean(1))
        return logits


def _learn(
    backbone: Backbone, cases: Cases, protocol: FineTuneProtocol, seed: int, batch_size: int, train: Index
) -> tuple[Scores, Fitted]:
    """Train a copy on some studies; (N, F) logits of the test studies."""
    findings = len(cases.labels.findings)
    model = _Classifier(backbone, findings, _width(backbone, cases.studies[int(train[0])]))
    present, known = label_tensors(cases.labels, model.layer.weight)

    def loss(batch: Tensor) -> Tensor:
        index = train[batch.numpy()]
        images = images_tensor([cases.studies[i] for i in index], backbone.image_size).to(present.device)
        return known_loss(model(images), present[index], known[index])

    def validation_loss() -> float:
        logits = _logits(model, cases, cases.validation, batch_size)
        return float(known_loss(logits, present[cases.validation], known[cases.validation]))

    groups = [(model.backbone, protocol.encoder_learning_rate), (model.layer, protocol.learning_rate)]
    fitted = fit(model, loss, len(train), validation_loss, groups, rule_of(protocol, seed))
    logits = _logits(model, cases, cases.test, batch_size)
    return logits.double().cpu().numpy(), fitted


def _logits(model: _Classifier, cases: Cases, index: Index, batch_size: int) -> Tensor:
    """(n, F) logits of studies in evaluation mode."""
    with inference(model.backbone):
        encoded = encode_studies(model.backbone, Picked((cases.studies, index)), batch_size)
        return torch.cat([model.layer(features.pooled) for _, features in encoded])


def _width(backbone: Backbone, study: Study) -> int:
    """Channels of the features."""
    with inference(backbone):
        return next(encode_studies(backbone, [study]))[1].pooled.shape[-1]
