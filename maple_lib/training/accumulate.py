"""A batch larger than the memory: encoded in pieces, contrasted whole.

Plain gradient accumulation would contrast every piece with itself only. Here all pieces are encoded without
gradients, the losses see the whole batch and say what they ask of each feature, and every piece is encoded
once more to carry that to the weights. The gradients are those of the whole batch; the price is a second
forward pass. Source: Gao et al., gradient cache (2021), arXiv 2101.06983.

Batch normalisation inside an encoder sees a piece at a time, in both passes alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import torch
from torch import Tensor, nn

from maple_lib.training.gather import share
from maple_lib.training.random_state import RandomState
from maple_lib.training.towers import Tower


class CachedTower:
    """A tower's features without their graph: made in pieces, and in pieces brought back.

    Args:
        tower: encoder and inputs of the whole batch; this process encodes its share.
        pieces: number of pieces.

    Attributes:
        features: this process's rows, leaves that collect gradients.
    """

    def __init__(self, tower: Tower, pieces: int) -> None:
        self.tower, self.slices = tower, _pieces(share(tower.rows), pieces)
        self.states: list[RandomState] = []
        with torch.no_grad(), _still_statistics(tower.module):
            parts = [self._first(rows) for rows in self.slices]
        self.features = tuple(torch.cat(column).requires_grad_() for column in zip(*parts, strict=True))

    def _first(self, rows: slice) -> tuple[Tensor, ...]:
        self.states.append(RandomState.now())
        return self.tower.encode(rows)

    def backward(self) -> None:
        """Encode every piece again, with the same dropout, and carry the gradients on to the weights."""
        begin = self.slices[0].start
        for rows, state in zip(self.slices, self.states, strict=True):
            with state:
                again = self.tower.encode(rows)
            own = slice(rows.start - begin, rows.stop - begin)
            pairs = [
                (f, leaf.grad[own])
                for f, leaf in zip(again, self.features, strict=True)
                if leaf.grad is not None
            ]
            torch.autograd.backward([f for f, _ in pairs], [g for _, g in pairs])


def _pieces(rows: slice, pieces: int) -> list[slice]:
    n = rows.stop - rows.start
    edges = [rows.start + n * k // pieces for k in range(pieces + 1)]
    return [slice(a, b) for a, b in pairwise(edges) if b > a] or [rows]


@contextmanager
def _still_statistics(module: nn.Module) -> Iterator[None]:
    """Normalise by the piece but do not remember it: the second pass will."""
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    before = [n.momentum for n in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, before, strict=True):
            norm.momentum = momentum
