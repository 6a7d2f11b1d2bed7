"""MApLe's stage 1: sentences whose embeddings say which state a finding is in."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.experts import ExpertLinear


class SentenceStates(nn.Module):
    """For every finding d an embedding g_d of a sentence, and a linear head h_d that reads its state.

    Args:
        findings: F.
        width: channels of the text encoder.
        dim: D of the embeddings.
    """

    def __init__(self, findings: int, width: int, dim: int) -> None:
        super().__init__()
        self.embed = ExpertLinear(findings, width, dim, bias=False)
        self.read = ExpertLinear(findings, dim, 2)
        self.findings = findings

    def forward(self, hidden: Tensor) -> Tensor:
        """Unit-norm embeddings (F, U, D) of U sentences, from hidden (U, C), or (F, U, C)."""
        rows = hidden if hidden.ndim == 3 else hidden.expand(self.findings, -1, -1)
        return F.normalize(self.embed(rows), dim=-1)

    def loss(self, embeddings: Tensor, states: Tensor, spoken: Tensor) -> Tensor:
        """Cross-entropy of the states, each finding and state counting alike however often it is said.

        Args:
            embeddings: (F, U, D).
            states: (F, U) long, 0 absent and 1 present.
            spoken: (F, U) bool, where a sentence states one of both.

        Returns:
            Scalar, in nats; 0 when nothing is stated.
        """
        # The embeddings have length 1 and the head begins small: being sure takes embeddings that stand
        # apart, not only a steep head.
        logits = self.read(embeddings)
        each = F.cross_entropy(logits.flatten(0, 1), states.flatten(), reduction="none").view_as(spoken)
        member = F.one_hot(states, 2) * spoken[..., None]
        counts = member.sum(1)
        means = (each[..., None] * member).sum(1) / counts.clamp_min(1)
        return means.sum() / (counts > 0).sum().clamp_min(1)
