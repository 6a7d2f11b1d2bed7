"""ConVIRT: whole images against whole reports (arXiv 2010.00747)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from maple_lib.data.batch import Batch
from maple_lib.encoders.features import TextFeatures
from maple_lib.losses import global_contrastive
from maple_lib.methods.base import Method, average

IMAGE_TO_TEXT = 0.75  # λ of the paper; the other direction has the rest


class ConVIRT(Method):
    """One contrast, in both directions, and nothing that knows of places.

    | | in the paper | here |
    |---|---|---|
    | image encoder | ResNet-50, mean of its last map | any timm backbone, mean of its patches |
    | text | one random sentence; maximum over its tokens | all sentences, mean of their words and of them |
    | heads | two linear layers with a ReLU, to 512 | ASG's, with batch normalisation, to ``dim`` |
    | loss | λ ℓ(image→text) + (1 − λ) ℓ(text→image), λ = 0.75, τ = 0.1 (eq. 2–4) | the same |
    | heat map | none | BioViL-like, through the heads of the whole image and the whole text |
    """

    choices: ClassVar[Mapping[str, int]] = {"global": 1}
    borrowed: ClassVar[Mapping[str, str]] = {"patch": "image", "word": "text"}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``global``: InfoNCE of images and reports, the direction from the image weighing more."""
        images = F.normalize(self.head("image")(self.image_encoder(batch.images).mean(1)), dim=-1)
        sentences = self.embed_sentences(batch.sentences)
        reports = F.normalize(average(batch.report_sentences) @ sentences, dim=-1)
        temperature = self.config.temperature
        to_text = global_contrastive(images, reports, temperature, direction="image_to_text")
        to_image = global_contrastive(images, reports, temperature, direction="text_to_image")
        return {"global": IMAGE_TO_TEXT * to_text + (1 - IMAGE_TO_TEXT) * to_image}

    def encode_sentences(self, sentences: Sequence[str]) -> TextFeatures:
        """As for every method, but a phrase is the embedding of its sentence: words are not trained."""
        features = super().encode_sentences(sentences)
        return replace(features, phrase=features.pooled)
