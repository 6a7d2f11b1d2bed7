"""The linear layer of a probe, and its loss over the labels that are known."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.evaluation.probe.labels import Labels


def zero_linear(width: int, findings: int) -> nn.Linear:
    """A linear layer of zeros: the loss is convex in it, so that it needs no luck to begin with."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, width, findings)  # draws no random number
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def label_tensors(labels: Labels, like: Tensor) -> tuple[Tensor, Tensor]:
    """(N, F) present and (N, F) known as numbers of the kind and on the device of ``like``."""
    present, known = (torch.from_numpy(part).to(like) for part in (labels.present, labels.known))
    return present, known


def known_loss(logits: Tensor, present: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy, the mean over the known labels.

    Args:
        logits: (B, F).
        present: (B, F) in [0, 1]; of unknown labels it does not matter.
        known: (B, F) 1 or 0.

    Returns:
        Scalar, in nats; 0 where nothing is known.
    """
    each = F.binary_cross_entropy_with_logits(logits, present, reduction="none")
    return (each * known).sum() / known.sum().clamp_min(1)
