"""Which parameters a stage changes, and how fast: frozen parts, layer-wise rates, no decay for norms."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import torch
from torch import nn

from maple_lib.errors import MapleError
from maple_lib.methods.base import Method
from maple_lib.training.config import TrainConfig


def freeze(method: Method, prefixes: Sequence[str]) -> None:
    """Keep the parameters whose names begin with one of the prefixes as they are.

    Raises:
        MapleError: if no parameter begins with a prefix; the message lists the first parts there are.
    """
    names = [name for name, _ in method.named_parameters()]
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in names):
            parts = ", ".join(sorted({name.split(".")[0] for name in names}))
            raise MapleError(f"freeze={prefix!r}", "no parameter begins so", f"there are: {parts}")
    for name, parameter in method.named_parameters():
        if prefixes and name.startswith(tuple(prefixes)):
            parameter.requires_grad_(False)


def make_optimiser(
    method: Method, trained: Sequence[nn.Parameter], lr: float, config: TrainConfig
) -> torch.optim.AdamW:
    """AdamW with a group for each rate and decay; a group's ``scale`` is its share of the rate.

    Biases and norms do not decay. With ``layer_decay`` < 1 a layer learns that much slower than the one
    above it, so that what was pre-trained longest changes least.
    """
    scales = {id(p): config.layer_decay**depth for p, depth in _depths(method)}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for parameter in trained:
        if parameter.requires_grad:
            decay = config.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((scales.get(id(parameter), 1.0), decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": p, "scale": s, "lr": lr * s, "weight_decay": d} for (s, d), p in groups.items()], lr=lr
    )


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Give every group its share of a learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group.get("scale", 1.0)


def schedule(step: int, steps: int, warmup: float) -> float:
    """Factor on the learning rate: a linear rise over the share ``warmup``, then a cosine to zero."""
    rise = max(1, round(steps * warmup))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _depths(method: Method) -> list[tuple[nn.Parameter, int]]:
    """Encoder parameters with their distance from the encoder's top, in layers."""
    found = []
    for encoder in (method.image_encoder, method.text_encoder):
        keys = {name: _layer(name) for name, _ in encoder.named_parameters()}
        order = {key: i for i, key in enumerate(dict.fromkeys(keys.values()))}
        found += [(p, len(order) - 1 - order[keys[name]]) for name, p in encoder.named_parameters()]
    return found


def _layer(name: str) -> str:
    """The part of a parameter's name up to its first number: ``encoder.layer.3``, ``backbone.s2.b1``."""
    match = re.match(r".*?\d+(?=\.)", name)
    return match.group() if match else name.rsplit(".", 1)[0]
