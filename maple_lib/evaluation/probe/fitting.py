"""The one small supervised loop of this room: AdamW, early stopping, the best epoch's weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from math import inf, isfinite

import torch
from torch import Tensor, nn

from maple_lib.errors import MapleError
from maple_lib.evaluation.probe.seeded import seeded

LossOf = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Rule:
    """How long and how fast: studies per step, epochs at most, patience, weight decay, and the seed."""

    batch: int
    epochs: int
    patience: int
    weight_decay: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Fitted:
    """The epoch (from 1) whose weights were kept, and the validation loss of every epoch."""

    best_epoch: int
    losses: tuple[float, ...]


def fit(
    model: nn.Module,
    loss: LossOf,
    count: int,
    validation_loss: Callable[[], float],
    groups: Iterable[tuple[nn.Module, float]],
    rule: Rule,
) -> Fitted:
    """Train a model and leave it in evaluation mode with the weights of its best epoch.

    Args:
        model: what is trained; its mode during training is ``train``.
        loss: loss of the training examples with these numbers, a scalar.
        count: number of training examples, at least 1.
        validation_loss: loss on examples that are never trained on; called in evaluation mode, without
            gradients.
        groups: parts of the model, each with its learning rate.
        rule: batch, epochs, patience, weight decay, seed of the order (and of dropout).

    Raises:
        MapleError: if no epoch has a finite validation loss.
    """
    settings = [{"params": list(part.parameters()), "lr": rate} for part, rate in groups]
    optimiser = torch.optim.AdamW(settings, weight_decay=rule.weight_decay)
    order = torch.Generator().manual_seed(rule.seed)
    best, kept, losses = inf, deepcopy(model.state_dict()), []
    with seeded(rule.seed, next(model.parameters()).device):
        for _ in range(rule.epochs):
            model.train()
            for batch in _batches(count, rule.batch, order):
                optimiser.zero_grad()
                loss(batch).backward()
                optimiser.step()
            losses.append(_validate(model, validation_loss))
            if losses[-1] < best:
                best, kept = losses[-1], deepcopy(model.state_dict())
            if len(losses) - _best_epoch(losses) >= rule.patience:
                break
    model.load_state_dict(kept)
    if not isfinite(best):
        raise MapleError("training", "no epoch had a finite loss", "use a lower learning rate")
    return Fitted(_best_epoch(losses), tuple(losses))


def _best_epoch(losses: list[float]) -> int:
    """The first epoch of the lowest loss, from 1; NaN is no loss."""
    return min(range(len(losses)), key=lambda i: losses[i] if isfinite(losses[i]) else inf) + 1


def _validate(model: nn.Module, validation_loss: Callable[[], float]) -> float:
    model.eval()
    with torch.no_grad():
        return validation_loss()


def _batches(count: int, size: int, order: torch.Generator) -> Iterator[Tensor]:
    """Every number below ``count`` once, in random order; a last batch of one joins the one before it.

    A layer that normalises over the batch could not train on one example.
    """
    parts = list(torch.randperm(count, generator=order).split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    yield from parts
