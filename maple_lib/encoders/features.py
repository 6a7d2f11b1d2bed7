"""What encoders and methods give: typed, with the shapes written down."""

from __future__ import annotations

from dataclasses import dataclass, field

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
        sentences: (B, S, D) the ``phrase`` of each sentence, zero where there is none; None where texts are
            single sentences, or were read as one sequence.
        sentence_valid: (B, S) bool, True where there is a sentence, or None.
        statements: (B, M, 3) long, what each text states: region, finding, state; -1 where there is no
            statement. None where the texts were not parsed.
    """

    pooled: Tensor
    phrase: Tensor
    words: Tensor
    word_valid: Tensor
    sentences: Tensor | None = field(default=None, kw_only=True)
    sentence_valid: Tensor | None = field(default=None, kw_only=True)
    statements: Tensor | None = field(default=None, kw_only=True)

    def each(self) -> tuple[Tensor, Tensor]:
        """The sentences (B, S, D) and which are there (B, S); a text without any is one itself."""
        if self.sentences is None or self.sentence_valid is None:
            return self.phrase[:, None], self.phrase.new_ones(len(self.phrase), 1).bool()
        return self.sentences, self.sentence_valid
