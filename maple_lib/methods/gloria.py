"""GLoRIA: whole images against reports, and words against patches (ICCV 2021)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from maple_lib.data.batch import Batch
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.losses import global_contrastive, word_patch_contrastive
from maple_lib.methods.base import Method, report_embedding
from maple_lib.methods.reports import report_words


class GLoRIA(Method):
    """Two contrasts over the batch: the second scores a pair by how well each word finds its patches.

    | | in the paper and its code | here |
    |---|---|---|
    | image encoder | ResNet-50; patches of its third stage, 19×19 | any timm backbone, grid by strides |
    | text | one sequence of at most 97 pieces; last four layers summed | sentence by sentence; last layer |
    | report | mean of its pieces | mean of its sentences' means of words |
    | words | sums of their pieces | the same |
    | attention (eq. 3, 4) | softmax over words of w·p, over patches of 4 times it | the same, w·p = cos/τ |
    | aggregation (eq. 5, 6) | log Σ exp(5 cos(w, c)) over the words | the same |
    | both losses | logits times 10 (τ = 0.1), both directions summed | the same |
    """

    choices: ClassVar[Mapping[str, int]] = {"global": 2, "word_patch": 2}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``global`` (L_g) and ``word_patch`` (L_l)."""
        images = self.encode_images(batch.images)
        sentences = self.encode_sentences(batch.sentences)
        temperature = self.config.temperature
        return self.compute(
            {
                "global": lambda: global_contrastive(
                    images.pooled,
                    report_embedding(sentences, batch.report_sentences),
                    temperature,
                    direction="sum",
                ),
                "word_patch": lambda: word_patch_loss(images, sentences, batch, temperature),
            }
        )


def word_patch_loss(
    images: ImageFeatures,
    sentences: TextFeatures,
    batch: Batch,
    temperature: float,
    targets: Tensor | None = None,
) -> Tensor:
    """GLoRIA's local loss on a batch's patches and the words of its reports.

    Unit-norm embeddings would give scores between -1 and 1, of which a softmax makes next to nothing; their
    square roots of 1/τ make the scores cos/τ and leave the cosines of words and contexts as they are.
    """
    words, valid = report_words(sentences, batch.report_sentences)
    scale = temperature**-0.5
    return word_patch_contrastive(
        scale * images.patches, scale * words, valid, targets=targets, direction="sum"
    )
