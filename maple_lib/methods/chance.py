"""A run that has learned nothing yet: its contrastive terms sit where guessing puts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maple_lib.methods.base import Method


def stuck_at_chance(
    method: Method, terms: Mapping[str, float], batch_size: int, margin: float = 0.05
) -> tuple[str, ...]:
    """The terms that are no better than guessing which study of the batch belongs to which.

    InfoNCE over a batch of B costs ln B nats for a method that cannot tell its studies apart. From a cold
    start it stays there for minutes, and a falling total can hide it.

    Args:
        method: it knows which of its terms are such a choice.
        terms: values of the terms, best averaged over the last tens of steps.
        batch_size: B, studies per batch.
        margin: share of the guess by which a term has to be better, in [0, 1).

    Returns:
        Names of the terms that are not; empty when all have left chance behind or none is such a choice.
    """
    chance = method.chance(batch_size)
    return tuple(
        name for name, value in terms.items() if value >= (1 - margin) * chance.get(name, float("inf"))
    )
