"""MApLe-joint, ours: the idea of MApLe on one backbone, with everything asked of every image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.pool import mask_pool
from maple_lib.data.batch import Batch
from maple_lib.data.record import Record
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.encoders.heads import ProjectionHead, batch_norm
from maple_lib.encoders.tokens import TextTokenizer
from maple_lib.losses import region_finding_log_odds
from maple_lib.losses.exp_sum import exp_sum
from maple_lib.methods.base import Method
from maple_lib.methods.maple_joint_bank import PromptBank
from maple_lib.methods.maple_joint_terms import joint_terms
from maple_lib.methods.maple_joint_texts import asked, stated, told_by

# Salience lies between exp(-4) and exp(4).
_SALIENCE = 4.0
_ALL = slice(None)  # regions
_IMAGES = 8  # compared with all phrases at a time: patches times phrases are many


@dataclass(frozen=True, slots=True)
class JointOptions:
    """MApLe-joint's own settings.

    Attributes:
        frozen_text: the text encoder stays as the warm start left it, as in MApLe, and reads every text
            once; its heads go on learning.
        evidence: weight of the best patches beside the whole image when an image is compared with a text.
        evidence_sharpness: of the smooth maximum over patches.
        missed: how much worse it is to overlook a finding than to raise a false alarm; moves the point at
            which "there is" wins over "there is no".
        silence: how much it counts against a report that it says nothing of a region where the image shows
            something, from 0, not at all, to 1, as much as if every report told everything.
    """

    frozen_text: bool = True
    evidence: float = 1.0
    evidence_sharpness: float = 0.05
    missed: float = 4.0
    silence: float = 0.5


class MapleJoint(Method):
    """Nine terms, each teaching what the others cannot.

    | term | compares | teaches | after |
    |---|---|---|---|
    | ``global`` | an image with all reports | which case it is | ConVIRT, CLIP |
    | ``report`` | an image and its patches with the sentences of all reports | the same, in detail | ours |
    | ``place`` | a sentence, also with sides exchanged, with all patches | where to look | ours |
    | ``instance`` | the best patch of a named region across images | which patch shows it | MApLe |
    | ``query`` | an image with "there is" and "there is no" | presence and negation | MedKLIP, KAD |
    | ``dark`` | "there is no" with every patch | nothing lights up for a negation | ours |
    | ``anywhere`` | the best patch of a whole image across images | phrases without a place | MApLe |
    | ``finding`` | a region with prompts for all findings there | what a region shows | RRA-VL |
    | ``case`` | a region with the same region of other images | search by region | RRA-VL |

    | | in MApLe (MIDL 2026) | here |
    |---|---|---|
    | training | three stages, the last with frozen encoders | warm starts, then a frozen text encoder |
    | image encoder | one patch CNN per region | one backbone, patches pooled by region masks and salience |
    | sentence states | a classifier per finding | one warm start on finding, state and region |
    | pooling over patches | a transformer per finding | smooth maximum under the phrase |
    | loss | hard-sampled triplet | softmax over images, present findings as positives |
    """

    option_class: ClassVar[type | None] = JointOptions
    choices: ClassVar[dict[str, int]] = {"global": 2, "report": 2}
    default_weights: ClassVar[dict[str, float]] = {
        "query": 2.0,
        "finding": 1.5,
        "dark": 0.25,
    }

    def build(self, tokenizer: TextTokenizer | None) -> None:
        """The usual encoders and heads; salience, an overview of the grid, and a threshold for evidence."""
        super().build(tokenizer)
        width, config = self.image_encoder.width, self.config
        self.patch_head = ProjectionHead(width, config.dim, width)
        self.salience = nn.Linear(width, 1)
        nn.init.zeros_(self.salience.weight)
        nn.init.zeros_(self.salience.bias)
        self.detector = nn.Linear(width + config.dim, 2 * width)
        self.detector_norm = nn.BatchNorm1d(2 * width)
        self.image_head = ProjectionHead(4 * width, config.dim, config.head_hidden)
        self.threshold = nn.Linear(config.dim, 1)
        nn.init.zeros_(self.threshold.weight)
        nn.init.zeros_(self.threshold.bias)
        self.remembered: dict[str, Tensor] | None = None
        self.bank = PromptBank()

    def project_images(self, hidden: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """As every method does it, with the overview as the whole image and regions weighed by salience."""
        patches = F.normalize(self.head("patch")(hidden), dim=-1)
        pooled = F.normalize(self.head("image")(self.overview(hidden, patches)), dim=-1)
        if regions is None:
            return ImageFeatures(pooled, patches, self.grid)
        salience = (_SALIENCE * torch.tanh(self.salience(hidden).squeeze(-1) / _SALIENCE)).exp()
        return ImageFeatures(pooled, patches, self.grid, *mask_pool(patches, regions, salience=salience))

    def overview(self, hidden: Tensor, patches: Tensor) -> Tensor:
        """(B, 4 C): mean and maximum of detectors over a grid of half as many rows and columns.

        A mean alone forgets small lesions; detectors see the patch's place, so left and right stay apart.
        They see the patch's embedding too: what a phrase finds in a patch, the whole image knows.
        """
        cells = torch.cat([self.halved(hidden), self.halved(patches) * self.config.dim**0.5], dim=-1)
        found = batch_norm(self.detector_norm, self.detector(cells).flatten(0, 1)).relu()
        found = found.unflatten(0, cells.shape[:2])
        return torch.cat([found.mean(1), found.amax(1)], dim=-1)

    def halved(self, patches: Tensor) -> Tensor:
        """(B, N, C) -> (B, N / 4, C): means of two by two patches."""
        rows = patches.transpose(1, 2).unflatten(2, self.grid)
        return F.avg_pool2d(rows, 2, ceil_mode=True).flatten(2).transpose(1, 2)

    def encode_sentences(self, sentences: Sequence[str]) -> TextFeatures:
        """As every method does it, but a phrase is one projection of the text, not the mean of its words'.

        While training, words are left out: no term looks at them.
        """
        if self.training:
            hidden = self._summaries(sentences)
            words = hidden.new_zeros(len(hidden), 0, self.config.dim)
            return self._project_texts(hidden, words, words[..., 0].bool())
        encoded = self.text_encoder(self.text_encoder.tokenize(list(sentences)))
        words = F.normalize(self.head("word")(encoded.words, encoded.word_valid), dim=-1)
        return self._project_texts(self.pool(encoded), words, encoded.word_valid)

    def encode_texts(self, texts: Sequence[str]) -> TextFeatures:
        """As every method does it, with what the parser finds stated in each text."""
        return replace(super().encode_texts(texts), statements=stated(texts).to(self.threshold.weight.device))

    def _project_texts(self, hidden: Tensor, words: Tensor, valid: Tensor) -> TextFeatures:
        pooled, phrase = (F.normalize(self.head(name)(hidden), dim=-1) for name in ("text", "word"))
        return TextFeatures(pooled, phrase, words, valid)

    def _summaries(self, sentences: Sequence[str]) -> Tensor:
        """(U, C) what stands for each text before the heads; a frozen encoder reads a text once."""
        if not self.options.frozen_text:
            return self.pool(self.text_encoder(self.text_encoder.tokenize(list(sentences))))
        known = {} if self.remembered is None else self.remembered
        new = [text for text in dict.fromkeys(sentences) if text not in known]
        if new:
            known.update(zip(new, self._read(new), strict=True))
        return torch.stack([known[text] for text in sentences])

    @torch.no_grad()
    def _read(self, texts: list[str]) -> Tensor:
        """The same of a frozen encoder, which drops nothing out."""
        self.text_encoder.eval()
        summaries = self.pool(self.text_encoder(self.text_encoder.tokenize(texts)))
        self.text_encoder.train()
        return summaries

    def begin_stage(self, stage: str, records: Sequence[Record]) -> None:
        """Forget what an earlier text encoder read; remember from here on what the frozen one reads."""
        self.remembered = {} if stage == "align" else None

    def reads_texts(self, stage: str) -> bool:
        """False where the text encoder is frozen: it then answers from memory."""
        return not self.options.frozen_text

    def stage_parameters(self, stage: str) -> list[nn.Parameter]:
        """All, but for the text encoder where it is frozen."""
        still = set(self.text_encoder.parameters()) if self.options.frozen_text else set()
        return [p for p in self.parameters() if p not in still]

    def texts(self, batch: Batch) -> tuple[str, ...]:
        """The batch's sentences, those with a side once more with the other, and the prompts."""
        return asked(batch).texts

    def similarity(self, images: ImageFeatures, texts: TextFeatures) -> Tensor:
        """(B, T): the whole image against the text, and the best patch against each of its sentences.

        Where anatomy is given, the regions are asked too for what the text tells of them.
        """
        fit = self.without_anatomy(images, texts)
        if images.regions is None or texts.statements is None:
            return fit
        return fit + self.likelihood(*self.shown(*images.described()), told_by(texts))

    def without_anatomy(self, images: ImageFeatures, texts: TextFeatures) -> Tensor:
        """(B, T) the same from whole images and patches alone."""
        sentences, there = texts.each()
        phrases, which = F.normalize(sentences[there], dim=-1).unique(dim=0, return_inverse=True)
        parts = [self.best_patch(phrases @ patches.mT) for patches in images.patches.split(_IMAGES)]
        fit = (torch.cat(parts) - self.needed(phrases))[:, which]
        text = there.nonzero()[:, 0]
        return self.compare(
            images.pooled, texts.pooled, fit.new_zeros(len(fit), len(there)).index_add_(1, text, fit)
        )

    def compare(self, images: Tensor, texts: Tensor, evidence: Tensor) -> Tensor:
        """(B, T) from embeddings of whole images (B, D) and texts (T, D), and what the patches say."""
        return images @ texts.T + self.options.evidence * evidence

    def shown(self, regions: Tensor, visible: Tensor, which: slice = _ALL) -> tuple[Tensor, Tensor]:
        """Log-odds (B, R, F) of every finding in regions (B, R, D), and log-chances (B, R) of none.

        ``which`` of the vocabulary's regions they are.
        """
        prompts = self.bank.read(self)
        findings, nothing = prompts.findings[:, which], prompts.nothing[which]
        return region_finding_log_odds(regions, findings, nothing, visible, self.config.temperature)

    def likelihood(self, odds: Tensor, empty: Tensor, told: Tensor) -> Tensor:
        """(B, T): how well what texts tell of regions (T, R, F) is what the images' regions show.

        ``odds`` and ``empty`` are those of ``shown``. A text's log-likelihood under them, in units of a
        cosine, but for what it is silent about, which counts less: reports do not say everything.
        """
        said = odds.flatten(1) @ told.flatten(1).T
        return self.config.temperature * (said + self.options.silence * empty.sum(1, keepdim=True))

    def searched(self, embeddings: Tensor, region: int) -> Tensor:
        """(n, F) chances that each finding is what the region shows, or what a text says of it.

        Their inner product is the chance that two cases share a finding there. That neither shows any is
        the rest to one, and no likeness: a case is sought for what it shows.
        """
        visible = torch.ones(len(embeddings), 1, dtype=torch.bool, device=embeddings.device)
        odds, empty = self.shown(embeddings[:, None], visible, slice(region, region + 1))
        return (odds + empty[..., None]).exp()[:, 0]

    def best_patch(self, cosines: Tensor) -> Tensor:
        """(B, T, N) cosines -> (B, T): their smooth maximum over the patches."""
        sharpness = self.options.evidence_sharpness
        top = cosines.detach().amax(-1, keepdim=True)
        mean = exp_sum(cosines, top, sharpness) / cosines.shape[-1]
        return top.squeeze(-1) + sharpness * mean.log()

    def needed(self, phrases: Tensor) -> Tensor:
        """(T, D) -> (T,): how well the best patch must fit before it speaks for a phrase."""
        needed: Tensor = self.threshold(phrases).squeeze(-1)
        return needed

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of the table above; those of no weight are left out."""
        questions = asked(batch)
        read = questions.split(self.encode_sentences(questions.texts))
        images = self.encode_images(batch.images, batch.regions)
        return self.compute(joint_terms(self, images, read, questions, batch))
