"""The average chest: phantoms laid over each other by their outline, then by what they show."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from maple_lib.anatomy.normalise import network_input
from maple_lib.anatomy.outline import body_span, fit, place
from maple_lib.training.segmenter.store import Drawn

SIZE = 64


def average_chest(drawn: Drawn) -> tuple[Tensor, Tensor]:
    """Mean image and mean regions of phantoms.

    Each phantom is first cut to its body's width; with the mean of those as template, each is fitted again.

    Returns:
        Template (2, 64, 64) as ``network_input`` shows images, and masks (R, 64, 64) in [0, 1].
    """
    template: Tensor | None = None
    for _ in range(2):
        views, regions = torch.zeros(2, SIZE, SIZE), torch.zeros(drawn.masks.shape[1], SIZE, SIZE)
        for i in range(len(drawn)):
            image, mask, view = _phantom(drawn, i)
            grid = place(_fit(template, image, view)[None], SIZE)
            views += F.grid_sample(view, grid, align_corners=False)[0] / len(drawn)
            regions += F.grid_sample(mask, grid, align_corners=False)[0] / len(drawn)
        template = views
    return views, regions


def _phantom(drawn: Drawn, i: int) -> tuple[Tensor, Tensor, Tensor]:
    image = torch.from_numpy(drawn.pixels[i])[None, None].float() / 255
    image = F.interpolate(image, (128, 128), mode="bilinear", antialias=True, align_corners=False)
    return image, torch.from_numpy(drawn.masks[i])[None].float() / 255, network_input(image)


def _fit(template: Tensor | None, image: Tensor, view: Tensor) -> Tensor:
    left, right = body_span(image[0, 0])
    if template is None:
        return torch.tensor([(right - left) / 2, (right + left) / 2, 1.0, 0.0])
    return fit(template, view[0], (left, right))[0]
