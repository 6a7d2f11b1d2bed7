"""Where a feature looks: many networks see half a cell to the upper left of where their grid is drawn.

A 3 x 3 convolution of stride 2 with padding 1 centres its output i on input pixel 2 i, the corner of the cell
and not its middle. Over three of them a map of stride 8 is half a patch off, and so is every heat map made
of it. Patchifying networks (ViT, ConvNeXt) have no such offset.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def looks_at_corners(backbone: nn.Module, image_size: int, stride: int) -> bool:
    """True when features of the finest map are centred on their cell's upper left corner.

    Measured by the gradient of the middle cell: its centre of mass in the input, against the cell's centre.
    """
    was_training = backbone.training
    backbone.eval()
    image = torch.full((1, 1, image_size, image_size), 0.1, requires_grad=True)
    features = backbone(image)[0]
    middle = features.shape[-1] // 2
    with torch.random.fork_rng():
        torch.manual_seed(0)
        direction = torch.randn(features.shape[1])
    (gradient,) = torch.autograd.grad(features[0, :, middle, middle] @ direction, image)
    backbone.train(was_training)
    weight = gradient[0, 0].square()
    place = torch.arange(image_size) + 0.5
    centre = ((weight.sum(0) @ place) + (weight.sum(1) @ place)) / (2 * weight.sum())
    return float((middle + 0.5) * stride - centre) > stride / 4


def shift_input(images: Tensor, pixels: int) -> Tensor:
    """Move images up and left by so many pixels, so that corner-centred features look at cell centres."""
    return F.pad(images[..., pixels:, pixels:], (0, pixels, 0, pixels), mode="replicate")


def to_grid(features: Tensor, grid: tuple[int, int], corners: bool) -> Tensor:
    """Bring a feature map (B, C, h, w) to the finest grid; every feature stays where it looks."""
    if features.shape[-2:] == grid:
        return features
    if not corners:
        return F.interpolate(features, grid, mode="bilinear", align_corners=False)
    factor = round(grid[0] / features.shape[-2])
    inner = [factor * (n - 1) + 1 for n in features.shape[-2:]]
    dense = F.interpolate(features, inner, mode="bilinear", align_corners=True)
    return F.pad(dense, (0, grid[1] - inner[1], 0, grid[0] - inner[0]), mode="replicate")
