"""The loss on studies that are never trained on: which step was best, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from maple_lib.methods.base import Method
from maple_lib.training.corpus import Corpus


@dataclass(slots=True)
class Best:
    """The best score of a stage so far.

    Attributes:
        score: lowest mean loss seen.
        step: after which step.
        since: validations since then.
    """

    score: float = float("inf")
    step: int = 0
    since: int = 0

    def see(self, score: float, step: int) -> bool:
        """Take note of a score; True when it is the best so far."""
        if score < self.score:
            self.score, self.step, self.since = score, step, 0
            return True
        self.since += 1
        return False

    def copy(self, other: Best) -> None:
        """Go on from another."""
        self.score, self.step, self.since = other.score, other.step, other.since


@torch.no_grad()
def validation_loss(method: Method, corpus: Corpus, batch_size: int, seed: int) -> float:
    """Mean of the method's weighted loss over the batches of one pass, in evaluation mode.

    A contrastive loss depends on the batch's size: batches are as large as in training.
    """
    was_training = method.training
    method.eval()
    size = min(batch_size, len(corpus))
    device = next(method.parameters()).device
    batches = corpus.batches(range(len(corpus) // size), size, seed)
    last = method.stage_names[-1]
    losses = [method.total(method.stage_losses(last, batch.to(device))) for batch in batches]
    method.train(was_training)
    return float(torch.stack(losses).mean())
