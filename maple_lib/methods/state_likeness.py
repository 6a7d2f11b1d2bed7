"""How alike sentences are that state the same, and how alike those that state the opposite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.data.record import Record
from maple_lib.errors import MapleError
from maple_lib.methods.maple import MAPLE
from maple_lib.methods.maple_memory import corpus_statements


@dataclass(frozen=True, slots=True)
class StateLikeness:
    """Cosines between sentences about one finding.

    Attributes:
        finding: what they speak of.
        states: (K,) 0 absent, 1 present; the sentences are sorted by it.
        cosines: (K, K).
    """

    finding: str
    states: Tensor
    cosines: Tensor

    @property
    def within(self) -> Tensor:
        """Cosines of all pairs of different sentences that state the same."""
        return self._pairs(self.states[:, None] == self.states)

    @property
    def across(self) -> Tensor:
        """Cosines of all pairs that state the opposite."""
        return self._pairs(self.states[:, None] != self.states)

    def _pairs(self, chosen: Tensor) -> Tensor:
        return self.cosines[chosen.triu(1)]


def state_likeness(finding: str, embeddings: Tensor, states: Tensor) -> StateLikeness:
    """Cosines of (K, D) embeddings of sentences about a finding, which state 0 or 1 each (K,).

    Raises:
        MapleError: if not both states are there.

    Source: MApLe (MIDL 2026), Fig. 2.
    """
    if len(states.unique()) != 2:
        raise MapleError(f"sentences about {finding}", "state it in one way only", "give both states")
    order = states.argsort(stable=True)
    unit = F.normalize(embeddings[order], dim=-1)
    return StateLikeness(finding, states[order], unit @ unit.T)


@torch.no_grad()
def corpus_likeness(method: MAPLE, records: Sequence[Record], most: int = 200) -> list[StateLikeness]:
    """The likeness of the sentences of a corpus, for each finding it states in both ways.

    Args:
        method: its sentence embeddings are compared, in evaluation mode.
        records: best of studies that were not trained on.
        most: different sentences for each finding and state.
    """
    was_training = method.training
    method.eval()
    told = corpus_statements(records, method.options.findings)
    found = []
    for d, name in enumerate(method.options.findings):
        sentences = [[s for s in sorted(told) if told[s].get(d) == state][:most] for state in (0, 1)]
        if all(sentences):
            embedded = method.embed_states([*sentences[0], *sentences[1]])[d]
            states = torch.tensor([0] * len(sentences[0]) + [1] * len(sentences[1]))
            found.append(state_likeness(name, embedded.cpu(), states))
    method.train(was_training)
    return found
