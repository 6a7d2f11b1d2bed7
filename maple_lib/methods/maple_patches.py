"""MApLe's stage 2: patches of each anatomy, embedded by its own network, which learns by reconstruction."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from maple_lib.anatomy.cells import sample_cells
from maple_lib.anatomy.patches import extract_patches
from maple_lib.encoders.patch_cnn import RegionPatchCNN, augment
from maple_lib.encoders.patch_decoder import RegionPatchDecoder
from maple_lib.methods.maple_options import ANATOMIES, MapleOptions, anatomy_regions


class AnatomyPatches(nn.Module):
    """The image side: a bag of patches for each of A anatomies.

    Args:
        options: sizes of patches and bags.
        dim: D of the embeddings.
        image_size: side of the images in pixels.
        stride: pixels per cell of the grid.
    """

    regions: Tensor

    def __init__(self, options: MapleOptions, dim: int, image_size: int, stride: int) -> None:
        super().__init__()
        sizes: dict[str, Any] = {
            "size": options.patch,
            "widths": options.patch_widths,
            "stem": options.patch_stem,
        }
        self.backbone = RegionPatchCNN(2, regions=len(ANATOMIES), dim=dim, **sizes)
        self.decoder = RegionPatchDecoder(self.backbone, options.patch_widths, dim)
        self.options, self.stride, self.width = options, stride, dim
        self.grid = (-(-image_size // stride),) * 2
        self.register_buffer("regions", torch.tensor(anatomy_regions()), persistent=False)

    def choose(self, images: Tensor, regions: Tensor | None, most: int) -> tuple[Tensor, Tensor]:
        """Cells (B, A, K) of every anatomy, at most so many, and which of them are there.

        Args:
            images: (B, 1, S, S).
            regions: (B, R, h, w); None looks for everything everywhere.
            most: cells per anatomy.
        """
        if regions is None:
            cover = images.new_ones(len(images), len(ANATOMIES), *self.grid)
        else:
            cover = regions[:, self.regions].amax(2)
        return sample_cells(cover, most, self.options.strategy, self.options.stride)

    def cut(self, images: Tensor, cells: Tensor) -> Tensor:
        """The patches (B, A, K, 1, p, p) around the cells (B, A, K) of images (B, 1, S, S)."""
        rows = torch.stack([cells // self.grid[1], cells % self.grid[1]], -1)
        centres = rows * self.stride + self.stride // 2
        patches = extract_patches(images, centres.flatten(1, 2), self.options.patch)
        return patches.unflatten(1, tuple(cells.shape[1:]))

    def embed(self, patches: Tensor) -> Tensor:
        """(B, A, K, 1, p, p) to (B, A, K, D), each anatomy by its network."""
        turned = patches.transpose(1, 2).flatten(0, 1)
        embedded: Tensor = self.backbone(turned).unflatten(0, (len(patches), -1)).transpose(1, 2)
        return embedded

    def forward(self, images: Tensor, cells: Tensor) -> Tensor:
        """Embeddings (B, A, K, D) of the patches around the cells."""
        return self.embed(self.cut(images, cells))

    def reconstruction(self, images: Tensor, regions: Tensor) -> Tensor:
        """Mean squared error of patches that were turned, embedded and drawn again, over their variance.

        While training a few random patches of each bag are taken and half of them flipped or turned; in
        evaluation all of them as they are. 1 is the error of patches of the mean grey; 0 if no region is
        seen.
        """
        cells, valid = self.choose(images, regions, self.options.bag)
        if self.training:
            cells, valid = _some(cells, valid, self.options.reconstructed)
        patches = self.cut(images, cells)
        if self.training:
            patches = augment(patches, 2)
        drawn = self.decoder(self.embed(patches).transpose(1, 2).flatten(0, 1))
        drawn = drawn.unflatten(0, (len(images), -1)).transpose(1, 2)
        there = valid[..., None, None, None].to(patches.dtype)
        pixels = (there.sum() * patches[0, 0, 0].numel()).clamp_min(1)
        mean = (patches * there).sum() / pixels
        variance = ((patches - mean).square() * there).sum() / pixels
        error = ((drawn - patches).square() * there).sum() / pixels
        return error / variance.clamp_min(1e-4)


def _some(cells: Tensor, valid: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """A random choice of at most so many cells of each bag."""
    luck = torch.rand(cells.shape, device=cells.device) + valid
    chosen = luck.topk(min(most, cells.shape[-1]), dim=-1).indices
    return cells.gather(-1, chosen), valid.gather(-1, chosen)
