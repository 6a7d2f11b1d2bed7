"""ASG: anatomical structure-guided pre-training (MICCAI 2024)."""

from __future__ import annotations

from torch import Tensor

from maple_lib.data.batch import Batch
from maple_lib.losses import global_contrastive, region_sentence_contrastive
from maple_lib.methods.base import Method, average, report_embedding


class ASG(Method):
    """Align images with reports, and each region with the sentences about it.

    | | in the paper and its code | here |
    |---|---|---|
    | image encoder | ViT-B/16 or ResNet-50 | any timm backbone; small at the small presets |
    | regions | RoIAlign of 23 detected boxes | mask pooling over the regions of the vocabulary |
    | text | a report is one sequence of at most 112 pieces | sentence by sentence, each different one once |
    | region's sentence | mean of the words of its sentences | the same |
    | L_IRA, L_ARSA | both directions summed, temperature 0.07 | the same |
    | L_IRL (tags), L_ERL (soft labels) | weights 5 and 1 | not yet: they come with the other methods |
    """

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``global`` (L_IRA) and ``region_sentence`` (L_ARSA)."""
        images = self.encode_images(batch.images, batch.regions)
        sentences = self.encode_sentences(batch.sentences)
        reports = report_embedding(sentences, batch.report_sentences)
        temperature = self.config.temperature
        spoken = batch.region_sentences.sum(-1) > 0
        about = average(batch.region_sentences) @ sentences.phrase
        regions, visible = images.described()
        return {
            "global": global_contrastive(images.pooled, reports, temperature, direction="sum"),
            "region_sentence": region_sentence_contrastive(regions, about, visible & spoken, temperature),
        }
