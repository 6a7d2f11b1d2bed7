"""MApLe's stage 3: for every finding a network that pools the patches of its anatomy into one embedding."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.encoders.attention_pool import ClassTokenPool
from maple_lib.methods.maple_options import ANATOMIES, MapleOptions, anatomy_of


class FindingNetworks(nn.Module):
    """The alignment networks a_I^d of F findings, side by side.

    Args:
        options: findings, and the networks' sizes.
        dim: D of patches and embeddings.

    Attributes:
        anatomy: (F,) number of each finding's anatomy.
        learnt: (F,) bool, False for findings that the corpus states in one way only.
        centre, scale: (A, 1, D) mean and spread of each anatomy's patches; they are taken off, since what all
            patches share says nothing and would drown what they differ in.
    """

    anatomy: Tensor
    learnt: Tensor
    centre: Tensor
    scale: Tensor

    def __init__(self, options: MapleOptions, dim: int) -> None:
        super().__init__()
        count = len(options.findings)
        self.pool = ClassTokenPool(dim, options.pool_layers, options.pool_heads, options.dropout, count)
        self.register_buffer("anatomy", torch.tensor([anatomy_of(d) for d in options.findings]))
        self.register_buffer("learnt", torch.ones(count, dtype=torch.bool))
        self.register_buffer("centre", torch.zeros(len(ANATOMIES), 1, dim))
        self.register_buffer("scale", torch.ones(len(ANATOMIES), 1, dim))

    def measure(self, bags: Tensor, valid: Tensor) -> None:
        """Take mean and spread from the bags (n, A, K, D) of a corpus, of which (n, A, K) are there."""
        there = valid[..., None].to(bags.dtype)
        count = there.sum((0, 2), keepdim=True).clamp_min(1)
        mean = (bags * there).sum((0, 2), keepdim=True) / count
        variance = ((bags - mean).square() * there).sum((0, 2), keepdim=True) / count
        self.centre.copy_(mean[0])
        self.scale.copy_((variance[0] + 1e-6).sqrt())

    def forward(self, bags: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Pool the bags (B, A, K, D) of the anatomies, of which (B, A, K) are there.

        Returns:
            (F, B, D) embeddings of the findings, and (F, B, K) attention over the patches of their anatomies.
        """
        even = (bags - self.centre) / self.scale
        pooled, attention = self.pool(self.by_finding(even), self.by_finding(valid))
        return pooled, attention

    def by_finding(self, of_anatomies: Tensor) -> Tensor:
        """(B, A, ...) of the anatomies -> (F, B, ...) of the findings that look at them."""
        return of_anatomies[:, self.anatomy].transpose(0, 1)

    def combine(self, of_findings: Tensor) -> Tensor:
        """(..., F, D) -> (..., D) unit-norm sum of the unit-norm embeddings of the learnt findings."""
        unit = F.normalize(of_findings, dim=-1) * self.learnt[:, None]
        return F.normalize(unit.sum(-2), dim=-1)

    def patches(self, bags: Tensor, valid: Tensor, cells: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Every patch as the findings' networks see it when it is alone in its bag.

        Args:
            bags: (B, A, K, D) patches of the anatomies.
            valid: (B, A, K) which are there.
            cells: (B, A, K) where they lie on the grid.
            count: N, cells of the grid.

        Returns:
            (B, N, D) unit-norm sums over the findings that look there, that of the empty bag where none does;
            and (B, N) bool, where one does.
        """
        alone, there = self.by_finding((bags - self.centre) / self.scale), self.by_finding(valid)
        single, _ = self.pool(alone.flatten(1, 2)[:, :, None], there.flatten(1, 2)[:, :, None])
        seen = there & self.learnt[:, None, None]
        evidence = F.normalize(single, dim=-1).view_as(alone) * seen[..., None]
        place, rows = (
            self.by_finding(cells).transpose(0, 1).flatten(1),
            evidence.transpose(0, 1).flatten(1, 2),
        )
        summed = rows.new_zeros(len(bags), count, rows.shape[-1])
        summed = summed.scatter_add(1, place[..., None].expand_as(rows), rows)
        looked = (
            place.new_zeros(len(bags), count).scatter_add(1, place, seen.transpose(0, 1).flatten(1).long())
            > 0
        )
        nothing = bags.new_zeros(len(seen), 1, 1, bags.shape[-1])
        blank = self.combine(self.pool(nothing, seen[:, :1, :1] & False)[0].transpose(0, 1))
        return F.normalize(torch.where(looked[..., None], summed, blank[:, None]), dim=-1), looked

    def heat(self, attention: Tensor, cells: Tensor, count: int) -> Tensor:
        """Attention (F, B, K) laid on the grid: (B, F, N)."""
        laid = attention.new_zeros(*attention.shape[:2], count)
        return laid.scatter_add(2, self.by_finding(cells), attention).transpose(0, 1)
