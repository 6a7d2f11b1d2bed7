"""ASG: anatomical structure-guided pre-training (MICCAI 2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor

from maple_lib.data.batch import Batch
from maple_lib.encoders.features import TextFeatures
from maple_lib.encoders.tag_decoder import TagDecoder
from maple_lib.encoders.text import TextEncoder
from maple_lib.encoders.tokens import TextTokenizer
from maple_lib.errors import MapleError
from maple_lib.losses import global_contrastive, region_sentence_contrastive, soft_label_contrastive, tag_bce
from maple_lib.methods.base import Method
from maple_lib.methods.config import MethodConfig
from maple_lib.methods.reports import read_sentences, read_whole, whole_reports
from maple_lib.vocabulary import FINDINGS

TAGS = FINDINGS[:40]  # the findings of the paper stand first in the vocabulary, in its order
READERS = {"sentences": read_sentences, "whole": read_whole}


class ASG(Method):
    """Align images with reports, each region with the sentences about it, and both with the findings.

    L = L_IRA + L_ARSA + 5 L_IRL + L_ERL: ``global``, ``region_sentence``, ``tags``, ``soft_labels``.
    Leave a term out with ``weights={"tags": 0}``.

    | | in the paper and its code | here |
    |---|---|---|
    | image encoder | ViT-B/16 or ResNet-50, 224 px | any timm backbone; small at the small presets |
    | regions | RoIAlign of 23 boxes | mask pooling over the regions of the vocabulary |
    | text | a report is one sequence of at most 112 pieces | sentences, or ``report_text="whole"`` |
    | words | sums of their pieces | the same |
    | a region's sentence | mean of the words of its sentences | the same; mean of means where not "whole" |
    | heads | to 128, with batch normalisation | the same; two for the image, two for the text |
    | L_IRA, L_ARSA | both directions summed, τ = 0.07 | the same |
    | L_IRL | decoder: 4 layers, 4 heads, width 1024; −1 is 0 | the same at ``gpu``, 2 of 256 below |
    | its queries | first token of 40 names, frozen encoder | the same; learnt for ``"small"``, see below |
    | L_ERL | ½[KL(T‖P) + KL(P‖T)] with 0.8 I + 0.2 cos of the tags | the same |

    The small text encoder begins without knowing any name, so there its queries are learnt; a named encoder
    gives them once, when the method is made, and they stay.
    """

    default_weights: ClassVar[Mapping[str, float]] = {"tags": 5.0}

    def __init__(self, config: MethodConfig, tokenizer: TextTokenizer | None = None) -> None:
        super().__init__(config, tokenizer)
        if config.report_text not in READERS:
            raise MapleError(
                f"report_text {config.report_text!r}", "unknown", f"use one of: {', '.join(READERS)}"
            )
        self.tag_decoder = TagDecoder(
            self.image_encoder.width, self.text_encoder.width, config.tag_layers, hidden=config.tag_hidden
        )
        self.register_tag_queries()

    def register_tag_queries(self) -> None:
        """One vector for each finding: its name as a pretrained encoder knows it, else one to be learnt."""
        if self.config.text_encoder == "small":
            self.tag_queries = torch.nn.Parameter(torch.randn(len(TAGS), self.text_encoder.width))
            return
        whole = TextEncoder(self.config.text_encoder, layers=None, max_length=self.config.max_length).eval()
        with torch.no_grad():
            self.register_buffer("tag_queries", whole(whole.tokenize(list(TAGS))).pooled.clone())

    def texts(self, batch: Batch) -> tuple[str, ...]:
        """What is read of a batch: its different sentences, or its reports as a whole."""
        return whole_reports(self, batch)[0] if self.config.report_text == "whole" else batch.sentences

    def encode_texts(self, texts: Sequence[str]) -> TextFeatures:
        """Embed texts as they were read in training: sentence by sentence, or each as one sequence."""
        whole = self.config.report_text == "whole"
        return self.encode_sentences(texts) if whole else super().encode_texts(texts)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The four terms; those of no weight are left out."""
        hidden = self.image_encoder(batch.images)
        images = self.project_images(hidden, batch.regions)
        reports = READERS[self.config.report_text](self, batch)
        regions, visible = images.described()
        tags, temperature = batch.findings[:, : len(TAGS)], self.config.temperature
        return self.compute(
            {
                "global": lambda: global_contrastive(
                    images.pooled, reports.pooled, temperature, direction="sum"
                ),
                "region_sentence": lambda: region_sentence_contrastive(
                    regions, reports.about, visible & reports.spoken, temperature
                ),
                "tags": lambda: tag_bce(self.tag_decoder(hidden, self.tag_queries), tags),
                "soft_labels": lambda: soft_label_contrastive(
                    images.pooled, reports.pooled, tags, temperature
                ),
            }
        )
