"""LSE+NL: bags of patches against sentences, whatever their order (IPMI 2023, arXiv 2212.05561)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from maple_lib.data.batch import Batch
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.losses import lse_nl_similarity
from maple_lib.losses.contrast import contrast
from maple_lib.methods.base import Method


class LSENL(Method):
    """One contrast between images, as bags of patches, and single sentences.

    The score of an image and a sentence is the mean of two: a soft maximum over the patches (LSE), and the
    sentence against the patch feature that it attends to (NL). Neither knows the order of the patches.

    | | in the paper (it could not be read: unverified) | here |
    |---|---|---|
    | image encoder | CNN, patches of its feature map | any timm backbone |
    | score | log-sum-exp of similarities, plus a non-local part | the same; sharpness 10, equal shares |
    | loss | contrast over the batch, both directions | the same, τ = 0.07 ours |
    | a sentence that several reports hold | not known | all of them are its positives, ours |
    | whole image, whole report | not known | mean of the patches, mean of the sentences, ours |
    """

    choices: ClassVar[Mapping[str, int]] = {}
    borrowed: ClassVar[Mapping[str, str]] = {"image": "patch", "word": "text"}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """``lse_nl``: an image picks its sentences among all of the batch, a sentence its images."""
        patches = F.normalize(self.head("patch")(self.image_encoder(batch.images)), dim=-1)
        scores = lse_nl_similarity(patches, self.embed_sentences(batch.sentences)) / self.config.temperature
        said = batch.report_sentences
        return {"lse_nl": (contrast(scores, targets=said) + contrast(scores.T, targets=said.T)) / 2}

    def project_images(self, hidden: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """As for every method, but a whole image is the mean of its patches."""
        features = super().project_images(hidden, regions)
        return replace(features, pooled=F.normalize(features.patches.mean(1), dim=-1))

    def encode_sentences(self, sentences: Sequence[str]) -> TextFeatures:
        """As for every method, but a phrase is the embedding of its sentence: words are not trained."""
        features = super().encode_sentences(sentences)
        return replace(features, phrase=features.pooled)
