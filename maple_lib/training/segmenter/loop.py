"""The loop: coarse images first, then fine ones; the weights' running mean is what is kept."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from maple_lib.anatomy.network import NetworkShape, RegionNet
from maple_lib.errors import MapleError
from maple_lib.training.segmenter.greys import disturb
from maple_lib.training.segmenter.negatives import spoil
from maple_lib.training.segmenter.objective import segmentation_loss
from maple_lib.training.segmenter.store import Drawn
from maple_lib.training.segmenter.warp import warp

_MEASURED = 30  # batches from which the final batch statistics are taken


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything a run depends on, with the phantoms.

    Attributes:
        phantoms: how many are drawn.
        seed: of phantoms, weights, order and augmentation.
        stages: (size in pixels, steps) one after the other.
        horizon: steps over which the learning rate falls to a hundredth. The stages end before it does; the
            running mean of the weights does the rest.
        batch: images a step.
        rate: highest learning rate.
        decay: weight decay.
        keep: share of the running mean of the weights that a step keeps.
    """

    phantoms: int = 2600
    seed: int = 41
    stages: tuple[tuple[int, int], ...] = ((128, 1500), (192, 100))
    horizon: int = 2100
    batch: int = 32
    rate: float = 4e-3
    decay: float = 0.02
    keep: float = 0.995


def train_network(
    shape: NetworkShape, drawn: Drawn, recipe: Recipe, report: Callable[[int, float, float], None]
) -> RegionNet:
    """Train from random weights.

    Args:
        shape: of the network.
        drawn: training phantoms.
        recipe: see ``Recipe``.
        report: called every 50 steps with step, mean loss since the last call, and seconds since the start.

    Returns:
        The network with the running mean of its weights, in eval mode. The same recipe, versions and number
        of threads give the same weights.

    Raises:
        MapleError: if the loss is no longer finite.
    """
    torch.manual_seed(recipe.seed)
    network = RegionNet(shape).to(memory_format=torch.channels_last)
    mean = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.keep), use_buffers=False
    )
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    random, order = torch.Generator().manual_seed(recipe.seed), np.random.default_rng(recipe.seed)
    began, losses = time.perf_counter(), []
    sizes = [size for size, steps in recipe.stages for _ in range(steps)]
    network.train()
    for step, size in enumerate(sizes):
        _set_rate(optimiser, recipe.rate, step, recipe.horizon)
        chosen = order.integers(0, len(drawn), recipe.batch)
        losses.append(_step(network, optimiser, *make_batch(drawn, chosen, size, random)))
        mean.update_parameters(network)
        if step % 50 == 49:
            report(step + 1, float(np.mean(losses[-50:])), time.perf_counter() - began)
    trained = cast(RegionNet, mean.module)
    _measure_statistics(trained, drawn, recipe)
    return trained.eval()


def _measure_statistics(network: RegionNet, drawn: Drawn, recipe: Recipe) -> None:
    """Batch statistics of the averaged weights; averaging the statistics would not give them."""
    random, order = torch.Generator().manual_seed(recipe.seed + 1), np.random.default_rng(recipe.seed + 1)
    chosen = [order.integers(0, len(drawn), recipe.batch) for _ in range(_MEASURED)]
    batches = (make_batch(drawn, some, network.shape.size, random)[0] for some in chosen)
    torch.optim.swa_utils.update_bn(batches, network)


def make_batch(drawn: Drawn, chosen: np.ndarray, size: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Augmented images (B, 1, size, size) and masks (B, R, size/2, size/2)."""
    images, masks = warp(*drawn.batch(chosen), size, random)
    return spoil(*disturb(images, masks, random), random)


def _step(network: nn.Module, optimiser: torch.optim.Optimizer, images: Tensor, masks: Tensor) -> float:
    loss = segmentation_loss(network(images), masks)
    if not torch.isfinite(loss):
        raise MapleError("segmenter", "the loss is not finite", "lower the learning rate")
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 2.0)
    optimiser.step()
    return float(loss.detach())


def _set_rate(optimiser: torch.optim.Optimizer, peak: float, step: int, steps: int) -> None:
    """Rise over the first 5 %, then fall along a cosine to a hundredth."""
    warm = max(1, steps // 20)
    rise = (step + 1) / warm
    fall = 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
    for group in optimiser.param_groups:
        group["lr"] = peak * min(rise, 0.01 + 0.99 * fall) if step >= warm else peak * rise
