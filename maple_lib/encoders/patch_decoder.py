"""The mirror image of the region-patch CNN: from an embedding back to the patch it came from."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from maple_lib.encoders.patch_cnn import CONVOLUTIONS, Layer, RegionPatchCNN, resize


class RegionPatchDecoder(nn.Module):
    """The layers of a ``RegionPatchCNN`` in reverse: a fully connected layer, then 5 layers up to full size.

    Args:
        encoder: whose embeddings are decoded; only its sizes are read.
        widths: channels of the encoder's layers.
        dim: D of the embedding.

    Source: MApLe (MIDL 2026) pre-trains its CNNs by reconstruction and does not describe a decoder; this one
    is this project's.
    """

    def __init__(self, encoder: RegionPatchCNN, widths: Sequence[int], dim: int) -> None:
        super().__init__()
        self.dims, self.regions, self.size = encoder.dims, encoder.regions, encoder.size
        self.sides, self.channels = encoder.sides[::-1], encoder.channels
        convolution, flat = CONVOLUTIONS[self.dims], widths[-1] * self.sides[0] ** self.dims
        self.connect = convolution(self.regions * dim, self.regions * flat, 1, groups=self.regions)
        down = tuple(reversed(widths))
        pairs = zip(down, (*down[1:], down[-1]), strict=True)
        self.layers = nn.ModuleList(Layer(self.dims, self.regions, a, b) for a, b in pairs)
        out = (self.regions * down[-1], self.regions * self.channels)
        self.paint = convolution(*out, 3, padding=1, groups=self.regions)
        # It begins with an even grey and does not first have to unlearn its own noise.
        nn.init.normal_(self.paint.weight, std=1e-2)
        nn.init.constant_(self.paint.bias, 0.5)

    def forward(self, embeddings: Tensor) -> Tensor:
        """(M, A, D) to patches (M, A, C, *size), not bounded."""
        rows = embeddings.flatten(1)
        x = self.connect(rows.view(*rows.shape, *(1,) * self.dims))
        x = x.flatten(1).unflatten(1, (-1, *(self.sides[0],) * self.dims))
        for side, layer in zip(self.sides, self.layers, strict=True):
            x = layer(resize(x, side, self.dims))
        painted: Tensor = self.paint(resize(x, self.size, self.dims))
        return painted.unflatten(1, (self.regions, self.channels))
