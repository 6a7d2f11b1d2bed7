"""Batch normalisation over the batches of all processes, on CPU as well as on GPU.

torch's own SyncBatchNorm refuses CPU tensors; without one, two processes of 16 images are not one of 32.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor, nn

from maple_lib.training.gather import world

_PLAIN = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class SyncNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalisation whose statistics are those of all processes together.

    timm's layers normalise and activate in one: ``drop`` and ``act`` are kept as they were.
    """

    drop: nn.Module
    act: nn.Module

    @classmethod
    def like(cls, norm: nn.modules.batchnorm._BatchNorm) -> SyncNorm:
        """The same normalisation, sharing its weights and running statistics."""
        made = cls(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
        made._parameters, made._buffers, made.training = norm._parameters, norm._buffers, norm.training
        made.drop, made.act = getattr(norm, "drop", nn.Identity()), getattr(norm, "act", nn.Identity())
        return made

    def _check_input_dim(self, input: Tensor) -> None:
        """Any (B, C, ...) will do."""

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (B, C, ...) over everything but the channels."""
        plain = not self.training or world()[1] == 1
        normal = super().forward(input) if plain else self._over_all(input)
        activated: Tensor = self.act(self.drop(normal))
        return activated

    def _over_all(self, input: Tensor) -> Tensor:
        axes = [0, *range(2, input.ndim)]
        shape = (1, -1, *[1] * (input.ndim - 2))
        here = input.new_tensor([float(input.numel() // input.shape[1])])
        count = _all_sum(here)
        mean = _all_sum(input.sum(axes)) / count
        centred = input - mean.view(shape)
        variance = _all_sum(centred.square().sum(axes)) / count
        self._remember(mean.detach(), variance.detach(), count)
        out = centred * (variance + self.eps).rsqrt().view(shape)
        if self.affine:
            out = out * self.weight.view(shape) + self.bias.view(shape)
        return out

    def _remember(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        if not self.track_running_stats:
            return
        running_mean, running_var = cast(Tensor, self.running_mean), cast(Tensor, self.running_var)
        counted = cast(Tensor, self.num_batches_tracked)
        counted += 1
        rate = 1.0 / float(counted) if self.momentum is None else self.momentum
        running_mean.lerp_(mean, rate)
        running_var.lerp_(variance * count / (count - 1).clamp_min(1), rate)


def synchronise(module: nn.Module) -> nn.Module:
    """The module with every batch normalisation inside it made a ``SyncNorm``; weights and names are kept."""
    if isinstance(module, _PLAIN) and not isinstance(module, SyncNorm):
        return SyncNorm.like(module)
    for name, child in module.named_children():
        setattr(module, name, synchronise(child))
    return module


class _AllSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        summed = values.clone()
        dist.all_reduce(summed)
        return summed

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        summed = grad.clone()
        dist.all_reduce(summed)
        return summed


def _all_sum(values: Tensor) -> Tensor:
    summed: Tensor = _AllSum.apply(values)
    return summed
