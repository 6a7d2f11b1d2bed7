"""What encoders and methods give: typed, with the shapes written down."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from maple_lib.errors import MapleError


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """Embeddings of a batch of images.

    Attributes:
        pooled: (B, D) one embedding per image, unit norm.
        patches: (B, N, D) one per patch, row by row, unit norm.
        grid: (h, w) with h * w = N.
        regions: (B, R, D) one per region, or None where no anatomy was given.
        region_valid: (B, R) bool, True where the region is visible, or None.
    """

    pooled: Tensor
    patches: Tensor
    grid: tuple[int, int]
    regions: Tensor | None = None
    region_valid: Tensor | None = None

    def described(self) -> tuple[Tensor, Tensor]:
        """The regions (B, R, D) and which are visible (B, R).

        Raises:
            MapleError: if the images were encoded without anatomy.
        """
        if self.regions is None or self.region_valid is None:
            raise MapleError("image features", "hold no regions", "give regions to encode_images")
        return self.regions, self.region_valid


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Embeddings of a batch of texts, each of one or more sentences.

    Attributes:
        pooled: (B, D) one embedding per text for comparison with whole images, unit norm.
        phrase: (B, D) one per text for comparison with patches and regions: the mean of its words.
        words: (B, L, D) one per word, unit norm, zero where there is no word.
        word_valid: (B, L) bool, True where there is a word.
    """

    pooled: Tensor
    phrase: Tensor
    words: Tensor
    word_valid: Tensor
