"""What the frozen stages of MApLe know of a corpus: computed once, looked up ever after."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maple_lib.data.batch import Batch, collate
from maple_lib.data.record import FINDING_INDEX, Record
from maple_lib.errors import MapleError

CHUNK = 32  # studies or sentences computed at once; fixed, so that a resumed run finds the same numbers


@dataclass(frozen=True, slots=True)
class Bank:
    """K statements to draw from: (K, D) embeddings, (K,) findings, (K,) states."""

    embeddings: Tensor
    findings: Tensor
    states: Tensor

    def some(self, most: int) -> Bank:
        """All of them, or a random choice of so many."""
        if len(self.findings) <= most:
            return self
        rows = torch.randperm(len(self.findings))[:most].to(self.findings.device)
        return Bank(self.embeddings[rows], self.findings[rows], self.states[rows])


@dataclass(frozen=True, slots=True)
class Memory:
    """Frozen embeddings of a corpus.

    Attributes:
        rows: study id -> row of ``bags``.
        bags: (n, A, K, D) patches of every study.
        valid: (n, A, K) bool.
        bank: every different statement of the corpus.
    """

    rows: dict[str, int]
    bags: Tensor
    valid: Tensor
    bank: Bank

    def find(self, study_ids: Sequence[str]) -> tuple[Tensor, Tensor] | None:
        """Bags and validity of these studies, or None if one of them is not in the corpus."""
        if not all(name in self.rows for name in study_ids):
            return None
        index = torch.tensor([self.rows[name] for name in study_ids], device=self.bags.device)
        return self.bags[index], self.valid[index]


@torch.no_grad()
def remember(
    records: Sequence[Record],
    statements: dict[str, dict[int, int]],
    bags_of: Callable[[Batch], tuple[Tensor, Tensor]],
    embed: Callable[[Sequence[str]], Tensor],
) -> Memory:
    """Embed every study with ``bags_of`` and every statement with ``embed``, once."""
    return Memory(*_remember_bags(records, bags_of), _remember_statements(statements, embed))


def _remember_bags(
    records: Sequence[Record], bags_of: Callable[[Batch], tuple[Tensor, Tensor]]
) -> tuple[dict[str, int], Tensor, Tensor]:
    """Bags of all studies by ``bags_of``, chunk by chunk."""
    rows: dict[str, int] = {}
    parts = []
    for start in range(0, len(records), CHUNK):
        batch = collate([records[i] for i in range(start, min(start + CHUNK, len(records)))])
        rows |= {name: start + i for i, name in enumerate(batch.study_ids)}
        parts.append(bags_of(batch))
    bags, valid = zip(*parts, strict=True)
    return rows, torch.cat(bags), torch.cat(valid)


def _remember_statements(
    statements: dict[str, dict[int, int]], embed: Callable[[Sequence[str]], Tensor]
) -> Bank:
    """The bank of all statements; ``embed`` gives (F, U, D) for U sentences."""
    sentences = sorted(statements)
    parts = []
    for start in range(0, len(sentences), CHUNK):
        chunk = sentences[start : start + CHUNK]
        told = [
            (u, d, c) for u, sentence in enumerate(chunk) for d, c in sorted(statements[sentence].items())
        ]
        embedded = embed(chunk)
        u, d, c = torch.tensor(told, device=embedded.device).T
        parts.append((embedded[d, u], d, c))
    embeddings, findings, states = zip(*parts, strict=True)
    return Bank(torch.cat(embeddings), torch.cat(findings), torch.cat(states))


def corpus_statements(records: Sequence[Record], findings: Sequence[str]) -> dict[str, dict[int, int]]:
    """Sentence -> {number of the finding: 0 absent or 1 present}, for the findings that are asked for.

    Uncertain statements are left out: the paper's findings have two states.
    """
    number = {FINDING_INDEX[name]: d for d, name in enumerate(findings)}
    told: dict[str, dict[int, int]] = {}
    for record in _each(records):
        for u, _, f, state in record.statements.tolist():
            if f in number and state in (0, 1):
                told.setdefault(record.sentences[u], {})[number[f]] = state
    return told


def both_states(statements: dict[str, dict[int, int]], findings: Sequence[str], warn: bool = True) -> Tensor:
    """(F,) bool, True where some sentence states the finding present and another states it absent.

    A finding with one state only has nothing to be told from: it is left out, and a warning names it.

    Raises:
        MapleError: if all are left out.
    """
    counts = np.zeros((len(findings), 2), np.int64)
    for said in statements.values():
        for d, c in said.items():
            counts[d, c] += 1
    both: NDArray[np.bool_] = np.logical_and(*(counts > 0).T)
    if not both.any():
        raise MapleError("corpus", "states no finding both present and absent", "give reports with both")
    left_out = [d for d, kept in zip(findings, both, strict=True) if not kept]
    if left_out and warn:
        warnings.warn(f"left out, stated in one way only or never: {', '.join(left_out)}", stacklevel=2)
    return torch.from_numpy(both)


def _each(records: Sequence[Record]) -> Iterator[Record]:
    return (records[i] for i in range(len(records)))
