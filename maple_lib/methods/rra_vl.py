"""After RRA-VL: the same region across images (arXiv 2503.07456)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from maple_lib.data.batch import Batch
from maple_lib.losses import global_contrastive, label_similarity_targets, location_conditioned_contrastive
from maple_lib.methods.base import Method, average, report_embedding
from maple_lib.methods.gloria import word_patch_loss

FIRST = ("global", "word_patch")


class RRAVL(Method):
    """Two stages: words find their patches, then each region is told from the same region of other images.

    Only the abstract, a summary and the captions of its figures could be read, so this is *after* RRA-VL:
    the parts are theirs, every form and number is this project's, and no result is quoted for the paper.

    | | stated there | here |
    |---|---|---|
    | stage 1 | global and region-/word-level alignment | InfoNCE; GLoRIA's with shared findings as targets |
    | stage 2 | contrast of one region across pairs | pooled region and its sentences, added to stage 1 |
    | its positives | "same disease or symptom in the same region" | shared present findings, by overlap |
    | supervision of regions | weak, from reports | triplets of the parser |
    | weights, temperature | not known | 1 each, τ = 0.07; half of the steps each, after the warm starts |
    """

    choices: ClassVar[Mapping[str, int]] = {"global": 2, "word_patch": 2}
    stage_names = ("warm_text", "warm_image", "words", "align")

    def losses(self, batch: Batch, stage: int = 2) -> dict[str, Tensor]:
        """``global`` and ``word_patch`` in stage 1, with ``location`` in stage 2; none without a weight."""
        images = self.encode_images(batch.images, batch.regions)
        sentences = self.encode_sentences(batch.sentences)
        temperature = self.config.temperature
        relevance = label_similarity_targets(batch.findings)
        about = average(batch.region_sentences) @ sentences.phrase
        regions, visible = images.described()
        valid = visible & (batch.region_sentences.sum(-1) > 0)
        terms = {
            "global": lambda: global_contrastive(
                images.pooled,
                report_embedding(sentences, batch.report_sentences),
                temperature,
                direction="sum",
            ),
            "word_patch": lambda: word_patch_loss(images, sentences, batch, temperature, relevance),
            "location": lambda: location_conditioned_contrastive(
                regions, about, valid, temperature, findings=batch.region_findings, direction="sum"
            ),
        }
        return self.compute({name: terms[name] for name in (FIRST if stage == 1 else terms)})

    def stage_losses(self, stage: str, batch: Batch) -> dict[str, Tensor]:
        """Stage ``words`` is the first, ``align`` the second."""
        return self.losses(batch, stage=1 if stage == "words" else 2)
