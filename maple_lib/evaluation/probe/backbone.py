"""A method's image encoder alone, copied: the method itself is left as it is."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from maple_lib.encoders.features import ImageFeatures
from maple_lib.evaluation.probe.seeded import seeded
from maple_lib.methods.base import Method, check_finite


class Backbone(nn.Module):
    """Patch features before the projection, from a copy of a method's image encoder.

    A method whose image encoder does not take whole images alone (MApLe's takes patches of each anatomy) or
    that has none gives the embedded patches of ``encode_images`` instead.

    Args:
        method: anything that speaks the interface of a method.

    Attributes:
        features: ``"image encoder"`` or ``"embedded patches"``: what is given; it goes with the numbers.
        image_size: side of the input in pixels.
        grid: (h, w) patches.
    """

    def __init__(self, method: Any) -> None:
        super().__init__()
        encoder = getattr(method, "image_encoder", None)
        own = isinstance(encoder, nn.Module) and not getattr(method, "encodes_itself", False)
        self.features = "image encoder" if own else "embedded patches"
        self.inner: Any = deepcopy(encoder if own else method)
        self.image_size: int = method.image_size
        self.grid: tuple[int, int] = tuple(method.grid)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """(B, N, C) patch features of (B, 1, S, S) images in [0, 1], bone bright."""
        if self.features == "image encoder":
            hidden: Tensor = self.inner(images)
        else:
            hidden = self.inner.encode_images(images).patches
        return hidden

    def encode_images(self, images: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """As a method does, but before the projection and not of unit norm; regions are not pooled."""
        check_finite(images)
        hidden = self(images)
        return ImageFeatures(hidden.mean(1), hidden, self.grid)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        parameter = next(self.parameters(), None)
        return torch.device("cpu") if parameter is None else parameter.device


def random_backbone(method: Any, seed: int) -> Backbone:
    """The same architecture with random weights: what is learnt without any pre-training.

    A method of this library is built anew. Of any other, and of one that has no image encoder for whole
    images, every layer draws its weights again, and weights that belong to no known layer are shuffled.
    """
    fresh = Backbone(method)
    with seeded(seed, fresh.device):
        if isinstance(method, Method) and not method.encodes_itself:
            config = replace(method.config, pretrained=False)
            built = type(method)(config, method.text_encoder.tokenizer)
            fresh.inner = built.image_encoder.to(fresh.device)
        else:
            _reset(fresh)
    return fresh.eval()


@torch.no_grad()
def _reset(module: nn.Module) -> None:
    for layer in module.modules():
        reset: Any = getattr(layer, "reset_parameters", None)
        if callable(reset):
            reset()
        else:
            for weight in layer.parameters(recurse=False):
                order = torch.randperm(weight.numel()).to(weight.device)
                weight.copy_(weight.flatten()[order].view_as(weight))
