"""MApLe: multi-task, multi-instance alignment of anatomy-conditioned patches with sentences (MIDL 2026)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.pool import mask_pool
from maple_lib.data.batch import Batch
from maple_lib.data.record import FINDING_INDEX, Record
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.encoders.image import check_backbone
from maple_lib.encoders.text import EncodedText, TextEncoder
from maple_lib.encoders.tokens import TextTokenizer
from maple_lib.losses import hard_triplet
from maple_lib.methods.base import Method, check_finite
from maple_lib.methods.maple_align import FindingNetworks
from maple_lib.methods.maple_answers import Codebook, MapleImages, MapleTexts, ZeroShot, findings_of
from maple_lib.methods.maple_memory import Bank, Memory, both_states, corpus_statements, remember
from maple_lib.methods.maple_options import MapleOptions
from maple_lib.methods.maple_patches import AnatomyPatches
from maple_lib.methods.maple_text import SentenceStates


class MAPLE(Method):
    """Three stages, each frozen before the next; only the last brings images and sentences together.

    | | in the paper | here |
    |---|---|---|
    | images | 3-D cardiac CT, 512³ at 0.5 mm | a port to 2-D chest radiographs; the parts work in 3-D too |
    | findings | 4, two states each | ``options.findings``, present or absent; uncertain ones left out |
    | state of a sentence | keywords | the parser's statements |
    | text encoder g_d | a BERT per finding | one for all, a linear map per finding; or ``text_per_finding`` |
    | regions | coronaries; myocardium; aorta and trunk | ``ANATOMIES``: five groups of chest regions |
    | patches | along the skeleton, 32³ and 64³ voxels | the region's cells of the grid; or ``"skeleton"`` |
    | image encoder f_a | CNN per region, pre-trained by reconstruction | the same, smaller below ``gpu`` |
    | alignment a_I^d | transformer per finding: 6 layers, 768-d, 12 heads | 2 layers, 64-d, 4 below ``gpu`` |
    | loss | hard-sampled triplet, τ = 0.1, anti-collapse | the same; α = 1, λ = 1, unit norm |
    | sentences drawn from | all reports | different statements of the corpus, ``candidates`` a step |
    | zero-shot | nearest of 40 sentences per state | the same |
    | optimiser | Adam 1e-4, weight decay 1e-3, 200 epochs, batch 32 | the preset's |

    The skeleton suits vessels; on a lung it would leave most patches unseen, hence the grid. Every finding
    has a space of its own; to compare whole images and texts the findings' embeddings are added up, which
    nearly keeps them apart since they point in unrelated directions. This sum is this project's, as is taking
    off what all patches of an anatomy share (``FindingNetworks.measure``).
    """

    option_class = MapleOptions
    stage_names = ("text_states", "patch_reconstruction", "align")
    encodes_itself = True
    choices: ClassVar[Mapping[str, int]] = {}
    options: MapleOptions
    image_encoder: AnatomyPatches  # type: ignore[assignment]

    def build(self, tokenizer: TextTokenizer | None) -> None:
        """The networks of the three stages, and the codebook."""
        config, options = self.config, self.options
        check_backbone(config.image_encoder)  # not used here, but a wrong name is a mistake all the same
        read = (
            config.text_encoder,
            config.text_layers,
            config.text_width,
            config.text_heads,
            config.max_length,
        )
        count = len(options.findings)
        encoders = [TextEncoder(*read, tokenizer) for _ in range(count if options.text_per_finding else 1)]
        self.text_encoder, self.text_encoders = encoders[0], nn.ModuleList(encoders)
        self.states = SentenceStates(count, self.text_encoder.width, config.dim)
        self.image_encoder = AnatomyPatches(options, config.dim, config.image_size, min(config.image_strides))
        self.aligned = FindingNetworks(options, config.dim)
        self.codebook = Codebook(options.findings, options.codebook, config.dim)
        self.memory: Memory | None = None

    def begin_stage(self, stage: str, records: Sequence[Record]) -> None:
        """See which findings have both states; before alignment, compute the frozen embeddings once."""
        told = corpus_statements(records, self.options.findings)
        self.aligned.learnt.copy_(both_states(told, self.options.findings, warn=stage == self.stage_names[0]))
        if stage == self.stage_names[-1]:
            was_training = self.training
            self.eval()
            self.memory = remember(records, told, self.bags, self.embed_states)
            self.aligned.measure(self.memory.bags, self.memory.valid)
            self.codebook.fill(self.memory.bank)
            self.train(was_training)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The terms of all three stages: ``text_states``, ``reconstruction``, ``triplet``."""
        stages = (self.stage_losses(stage, batch) for stage in self.stage_names)
        return {name: term for terms in stages for name, term in terms.items()}

    def stage_losses(self, stage: str, batch: Batch) -> dict[str, Tensor]:
        """The term of one stage."""
        if stage == "text_states":
            states, spoken = self.stated(batch)
            return {"text_states": self.states.loss(self.embed_states(batch.sentences), states, spoken)}
        if stage == "patch_reconstruction":
            return {"reconstruction": self.image_encoder.reconstruction(batch.images, batch.regions)}
        return {"triplet": self.triplet(batch)}

    def stage_parameters(self, stage: str) -> list[nn.Parameter]:
        """The networks of that stage; all others are frozen."""
        trained: dict[str, list[nn.Module]] = {
            "text_states": [self.text_encoders, self.states],
            "patch_reconstruction": [self.image_encoder],
        }
        return [p for module in trained.get(stage, [self.aligned]) for p in module.parameters()]

    def read(self, sentences: Sequence[str]) -> tuple[Tensor, EncodedText]:
        """Sentences (U, C) as one encoder reads them, or (F, U, C) as F do; and all that the first gives."""
        encoded = [encoder(self.text_encoder.tokenize(list(sentences))) for encoder in self.text_encoders]
        rows = [self.pool(each) for each in encoded]
        return rows[0] if len(rows) == 1 else torch.stack(rows), encoded[0]

    def embed_states(self, sentences: Sequence[str]) -> Tensor:
        """g_d: (F, U, D) unit-norm embeddings of sentences, one for each finding."""
        embedded: Tensor = self.states(self.read(sentences)[0])
        return embedded

    def stated(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(F, U) states, 0 absent or 1 present, and where a sentence states one of them."""
        states = batch.statements[:, [FINDING_INDEX[name] for name in self.options.findings]].T
        spoken = ((states == 0) | (states == 1)) & self.aligned.learnt[:, None]
        return states.clamp(0, 1), spoken

    @torch.no_grad()
    def bags(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """f_a, frozen: patches (B, A, K, D) of a batch and (B, A, K) which are there; looked up if known."""
        known = self.memory.find(batch.study_ids) if self.memory else None
        if known is not None:
            return known
        cells, valid = self.image_encoder.choose(batch.images, batch.regions, self.options.bag)
        return self.image_encoder(batch.images, cells), valid

    def triplet(self, batch: Batch) -> Tensor:
        """L = [|x - y_p|² - |x - y_n|² + α]₊ and the anti-collapse term, over the batch's statements."""
        options, (states, spoken) = self.options, self.stated(batch)
        bags, valid = self.bags(batch)
        found, _ = self.aligned(bags, valid)
        seen = self.aligned.by_finding(valid).any(-1)  # a finding whose anatomy is missing has no anchor
        said = spoken[:, None] & (batch.report_sentences > 0) & seen[..., None]
        d, b, u = said.nonzero(as_tuple=True)
        bank = self.memory.bank.some(options.candidates) if self.memory else self.batch_bank(batch)
        return hard_triplet(
            found[d, b], d, states[d, u], bank.embeddings, bank.findings, bank.states,
            margin=options.margin, temperature=options.sampling_temperature,
            collapse_weight=options.collapse_weight, sampling="sample" if self.training else "hardest",
        )  # fmt: skip

    @torch.no_grad()
    def batch_bank(self, batch: Batch) -> Bank:
        """The statements of a batch alone, for a method that has no corpus."""
        states, spoken = self.stated(batch)
        d, u = spoken.nonzero(as_tuple=True)
        return Bank(self.embed_states(batch.sentences)[d, u], d, states[d, u])

    def encode_images(self, images: Tensor, regions: Tensor | None = None) -> MapleImages:
        """Embed images; see ``Method``. Without regions every finding is looked for everywhere."""
        if not self.training:
            check_finite(images)
        count = self.grid[0] * self.grid[1]
        cells, valid = self.image_encoder.choose(images, regions, count)
        longest = max(1, int(valid.sum(-1).max()))
        cells, valid = cells[..., :longest], valid[..., :longest]
        bags = self.image_encoder(images, cells)
        found, attention = self.aligned(bags, valid)
        findings = F.normalize(found, dim=-1).transpose(0, 1)
        patches, looked = self.aligned.patches(bags, valid, cells, count)
        pooled, heat = self.aligned.combine(findings), self.aligned.heat(attention, cells, count)
        if regions is None:
            return MapleImages(pooled, patches, self.grid, None, None, findings, heat)
        described = mask_pool(patches, regions.flatten(2) * looked[:, None])
        return MapleImages(pooled, patches, self.grid, *described, findings, heat)

    def encode_sentences(self, sentences: Sequence[str]) -> TextFeatures:
        """Embed sentences: the sum of what they are to each finding they mention, or to all."""
        hidden, encoded = self.read(sentences)
        told = self.mentions(sentences).T[..., None]
        words = self.states(encoded.words.flatten(0, 1)).unflatten(1, encoded.words.shape[:2])
        words = F.normalize((words * told[:, :, None]).sum(0), dim=-1) * encoded.word_valid[..., None]
        pooled = F.normalize((self.states(hidden) * told).sum(0), dim=-1)
        return TextFeatures(pooled, pooled, words, encoded.word_valid)

    def encode_texts(self, texts: Sequence[str]) -> MapleTexts:
        """Embed texts of one or more sentences; see ``Method``."""
        plain = super().encode_texts(texts)
        return MapleTexts(plain.pooled, plain.phrase, plain.words, plain.word_valid, self.mentions(texts))

    def mentions(self, texts: Sequence[str]) -> Tensor:
        """(T, F) float, 1 where a text mentions a learnt finding; all of these where it mentions none."""
        learnt = self.aligned.learnt.float()
        told = findings_of(texts, self.options.findings).to(learnt.device) * learnt
        return torch.where(told.any(-1, keepdim=True), told, learnt)

    def similarity_map(self, images: ImageFeatures, texts: TextFeatures) -> Tensor:
        """Where the findings of a phrase are seen: (B, h, w) in [0, 1].

        The attention of the phrase's findings over the patches of their anatomies, 1 at its highest.
        """
        if not isinstance(images, MapleImages) or not isinstance(texts, MapleTexts):
            return super().similarity_map(images, texts)
        heat = torch.einsum("bfn,bf->bn", images.attention, texts.findings)
        return (heat / heat.amax(1, keepdim=True).clamp_min(1e-9)).unflatten(1, images.grid)

    @torch.no_grad()
    def zero_shot(self, images: Tensor, regions: Tensor | None = None) -> ZeroShot:
        """The state of every finding in (B, 1, S, S) images, by the nearest sentence of the codebook.

        Raises:
            MapleError: if the codebook is empty: the method has not been trained.
        """
        answer: ZeroShot = self.codebook(self.encode_images(images, regions).findings)
        return answer
