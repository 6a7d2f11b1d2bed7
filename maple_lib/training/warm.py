"""Warm starts: what both encoders should know before they are asked to agree.

From random weights a contrastive loss stays at ln B for minutes. A few seconds of a plainer task end
that: the text encoder learns what a sentence states and where, the image encoder where the anatomy lies.

Source: the idea is MApLe's (MIDL 2026), stages 1 and 2; these two tasks are this project's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.data.batch import Batch
from maple_lib.data.record import FINDING_INDEX, REGION_INDEX
from maple_lib.methods.base import Method


class TextTask(nn.Module):
    """Tell from a sentence which findings it states, with which state, and which regions it names."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        width = method.text_encoder.width
        self.states = nn.Linear(width, len(FINDING_INDEX) * 4)
        self.regions = nn.Linear(width, len(REGION_INDEX))

    def forward(self, method: Method, batch: Batch) -> Tensor:
        """Cross-entropy over {not said, absent, present, uncertain} plus the regions' binary one."""
        encoded = method.text_encoder(method.text_encoder.tokenize(list(batch.sentences)))
        counts = encoded.word_valid.sum(1, keepdim=True).clamp_min(1)
        hidden = encoded.pooled + encoded.words.sum(1) / counts
        states = self.states(hidden).unflatten(-1, (-1, 4))
        said = F.cross_entropy(states.flatten(0, 1), (batch.statements + 1).flatten(), reduction="none")
        placed = F.binary_cross_entropy_with_logits(
            self.regions(hidden), batch.sentence_regions, reduction="none"
        )
        return said.view(len(hidden), -1).sum(1).mean() + placed.sum(1).mean()


class ImageTask(nn.Module):
    """Tell for every patch how much of each region lies in it."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.regions = nn.Linear(method.image_encoder.width, len(REGION_INDEX))

    def forward(self, method: Method, batch: Batch) -> Tensor:
        """Binary cross-entropy of soft region masks, over the regions that are given."""
        logits = self.regions(method.image_encoder(batch.images)).transpose(1, 2)
        target = batch.regions.flatten(2)
        given = (target.sum(-1, keepdim=True) > 0).float()
        loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return (loss * given).sum() / (given.sum() * target.shape[-1]).clamp_min(1)


TASKS: dict[str, type[TextTask] | type[ImageTask]] = {"warm_text": TextTask, "warm_image": ImageTask}


def parameters(method: Method, task: nn.Module, stage: str) -> list[torch.nn.Parameter]:
    """The parameters that a warm start trains: one encoder and the task's own layers."""
    encoder = method.text_encoder if stage == "warm_text" else method.image_encoder
    return [*encoder.parameters(), *task.parameters()]
