"""A small CNN for the patches of each region, in 2-D and 3-D; all regions at once by grouped convolution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.errors import MapleError

CONVOLUTIONS: dict[int, Any] = {2: nn.Conv2d, 3: nn.Conv3d}


class Layer(nn.Module):
    """Three convolution blocks and, around them, a residual connection; then half or twice the size.

    Args:
        dims: 2 or 3.
        regions: A, networks side by side.
        width, out: channels of each network, in and out.
    """

    def __init__(self, dims: int, regions: int, width: int, out: int) -> None:
        super().__init__()
        convolution = CONVOLUTIONS[dims]
        widths = ((width, out), (out, out), (out, out))
        self.blocks = nn.ModuleList(
            convolution(regions * a, regions * b, 3, padding=1, groups=regions) for a, b in widths
        )
        # One group for each region: no network sees how bright the patches of another are.
        self.norms = nn.ModuleList(nn.GroupNorm(regions, regions * out) for _ in widths)
        self.around = convolution(regions * width, regions * out, 1, groups=regions)

    def forward(self, x: Tensor) -> Tensor:
        """(M, A * width, ...) to (M, A * out, ...)."""
        inner = x
        for block, norm in zip(self.blocks, self.norms, strict=True):
            inner = F.gelu(norm(block(inner)))
        out: Tensor = inner + self.around(x)
        return out


class RegionPatchCNN(nn.Module):
    """One CNN per region: 5 layers of three convolution blocks each, then a fully connected layer.

    Args:
        dims: 2 for images, 3 for volumes.
        size: side of the patches in pixels or voxels.
        regions: A, how many networks; their weights have nothing in common.
        dim: D of the embedding.
        widths: channels of each layer.
        channels: of the input.

    Raises:
        MapleError: if ``dims`` is neither 2 nor 3.

    Source: MApLe (MIDL 2026), f_a: 5 layers, each three convolution blocks with a residual connection, then a
    fully connected layer to 768. Widths, norm and activation are not stated and are this project's, as is the
    halving of the side before each layer but the first, while it is above 1; at ``stem`` 2 before it too.
    """

    def __init__(
        self,
        dims: int = 2,
        size: int = 32,
        regions: int = 1,
        dim: int = 768,
        widths: Sequence[int] = (16, 32, 64, 128, 256),
        channels: int = 1,
        stem: int = 1,
    ) -> None:
        super().__init__()
        if dims not in CONVOLUTIONS:
            raise MapleError(f"dims={dims}", "neither 2 nor 3", "use 2 for images and 3 for volumes")
        self.dims, self.size, self.regions, self.channels, self.stem = dims, size, regions, channels, stem
        self.sides = sides(size, len(widths), stem)
        inputs = (channels, *widths[:-1])
        self.layers = nn.ModuleList(Layer(dims, regions, a, b) for a, b in zip(inputs, widths, strict=True))
        flat = widths[-1] * self.sides[-1] ** dims
        self.connect = CONVOLUTIONS[dims](regions * flat, regions * dim, 1, groups=regions)

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches.

        Args:
            patches: (M, A, C, *size); block a goes through network a.

        Returns:
            (M, A, D).

        Raises:
            MapleError: if the patches have another shape.
        """
        want = (self.regions, self.channels, *(self.size,) * self.dims)
        if tuple(patches.shape[1:]) != want:
            raise MapleError(
                f"patches {tuple(patches.shape)}", f"expected (M, {', '.join(map(str, want))})",
                "cut them with maple_lib.anatomy.extract_patches, one block for each region",
            )  # fmt: skip
        x = patches.flatten(1, 2)
        for side, layer in zip(self.sides, self.layers, strict=True):
            x = layer(resize(x, side, self.dims))
        x = x.unflatten(1, (self.regions, -1)).flatten(2).flatten(1)
        return self.connect(x.view(*x.shape, *(1,) * self.dims)).flatten(1).unflatten(1, (self.regions, -1))


def sides(size: int, layers: int, stem: int = 1) -> tuple[int, ...]:
    """Side of the patch in each layer: halved before each but the first, never below 1."""
    return tuple(max(1, size // stem // 2**k) for k in range(layers))


def resize(x: Tensor, side: int, dims: int) -> Tensor:
    """Average down, or repeat up, to another side; the same side is no work."""
    if x.shape[-1] == side:
        return x
    if x.shape[-1] > side:
        return F.adaptive_avg_pool2d(x, side) if dims == 2 else F.adaptive_avg_pool3d(x, side)
    return F.interpolate(x, (side,) * dims, mode="nearest")


def augment(patches: Tensor, dims: int, chance: float = 0.5) -> Tensor:
    """With this probability each patch is flipped along a random axis or turned by 90° in a random plane.

    Args:
        patches: (..., *size), the last ``dims`` axes of one length.
        dims: 2 or 3.
        chance: in [0, 1].

    Source: MApLe (MIDL 2026), stage 2: with probability 0.5 a flip along any axis or a rotation.
    """
    flat = patches.reshape(-1, *patches.shape[-dims:])
    axes = range(1, dims + 1)
    moved = [flat, *(flat.flip(a) for a in axes)]
    moved += [torch.rot90(flat, k, (a, b)) for a in axes for b in range(a + 1, dims + 1) for k in (1, 2, 3)]
    which = torch.randint(1, len(moved), (len(flat),), device=flat.device)
    which = which * (torch.rand(len(flat), device=flat.device) < chance)
    chosen = torch.stack(moved)[which, torch.arange(len(flat), device=flat.device)]
    return chosen.view_as(patches)
