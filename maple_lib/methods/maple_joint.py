"""MApLe-joint, ours: the idea of MApLe trained end to end on one backbone."""

from __future__ import annotations

import torch
from torch import Tensor

from maple_lib.data.batch import Batch
from maple_lib.data.record import STATES
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.losses import (
    global_contrastive,
    location_conditioned_contrastive,
    phrase_place_contrastive,
    region_instance_contrastive,
    region_sentence_contrastive,
)
from maple_lib.methods.base import Method, average, report_embedding


class MapleJoint(Method):
    """Five terms, each teaching what the others cannot.

    | term | compares | teaches | after |
    |---|---|---|---|
    | ``global`` | an image with all reports | which case it is | ConVIRT, CLIP |
    | ``region_sentence`` | regions of one image | where the anatomy lies | ASG, L_ARSA |
    | ``location`` | one region across images | what is found there | RRA-VL |
    | ``place`` | a sentence with all patches of its image | that the rest stays dark | ours |
    | ``instance`` | a region's best patch across images | which patch shows it | MApLe |

    | | in MApLe (MIDL 2026) | here |
    |---|---|---|
    | training | three stages, encoders frozen before alignment | warm starts, then all at once |
    | image encoder | one patch CNN per region | one backbone, patches pooled by region masks |
    | sentence states | a classifier per finding | one warm start on finding, state and region |
    | pooling over patches | a transformer per finding | smooth maximum under the phrase |
    | loss | hard-sampled triplet | softmax over images, present findings as positives |
    """

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the table above; those of no weight are left out."""
        images = self.encode_images(batch.images, batch.regions)
        sentences = self.encode_sentences(batch.sentences)
        regions, visible = images.described()
        valid = visible & (batch.region_sentences.sum(-1) > 0)
        about = average(batch.region_sentences) @ sentences.phrase
        temperature = self.config.temperature
        terms = {
            "global": lambda: global_contrastive(
                images.pooled,
                report_embedding(sentences, batch.report_sentences),
                temperature,
                direction="sum",
            ),
            "region_sentence": lambda: region_sentence_contrastive(regions, about, valid, temperature),
            "location": lambda: location_conditioned_contrastive(
                regions, about, valid, temperature, findings=batch.region_findings, direction="sum"
            ),
            "place": lambda: place_loss(images, sentences, batch, temperature),
            "instance": lambda: instance_loss(images, sentences, batch, temperature),
        }
        return {name: term() for name, term in terms.items() if self.uses(name)}


def place_loss(images: ImageFeatures, sentences: TextFeatures, batch: Batch, temperature: float) -> Tensor:
    """Every sentence, in the images whose reports hold it, with the union of the regions it names."""
    union = torch.einsum("sr,brn->bsn", batch.sentence_regions, batch.regions.flatten(2)).clamp_max(1)
    said = batch.report_sentences > 0
    return phrase_place_contrastive(images.patches, sentences.phrase, union, said, temperature)


def instance_loss(images: ImageFeatures, sentences: TextFeatures, batch: Batch, temperature: float) -> Tensor:
    """Every sentence of a present finding, with each region it names, against that region of all images."""
    present = batch.statements == STATES["present"]
    region, sentence = (batch.sentence_regions * present.any(1, keepdim=True)).T.nonzero(as_tuple=True)
    shown = batch.region_findings[:, region] * present[sentence]
    return region_instance_contrastive(
        images.patches,
        sentences.phrase[sentence],
        batch.regions.flatten(2)[:, region],
        shown.any(-1),
        temperature,
    )
