"""The one interface of a method: encode images, encode texts, name your losses, draw a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import log
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from maple_lib.anatomy.pool import mask_pool
from maple_lib.data.batch import Batch
from maple_lib.encoders.features import ImageFeatures, TextFeatures
from maple_lib.encoders.heads import ProjectionHead
from maple_lib.encoders.image import ImageEncoder
from maple_lib.encoders.text import EncodedText, TextEncoder
from maple_lib.encoders.tokens import TextTokenizer
from maple_lib.errors import MapleError
from maple_lib.methods.config import MethodConfig
from maple_lib.methods.hub import HubMixin
from maple_lib.methods.staged import Staged


class Method(HubMixin, Staged, nn.Module):
    """An image encoder, a text encoder, and heads that bring both to one space.

    A new paper subclasses this and writes ``losses``; everything else may be overridden.

    Args:
        config: sizes and weights.
        tokenizer: use this instead of the text encoder's own (a checkpoint brings its own).

    Attributes:
        default_weights: weight of each term that does not count once, from the paper.
        choices: how many softmaxes over the batch a term adds up, for the terms that are such a choice.
        borrowed: heads that are not trained on their own, and the one each takes the place of: a loss that
            looks at no patch still draws maps, through the head of the whole image.
    """

    default_weights: ClassVar[Mapping[str, float]] = {}
    choices: ClassVar[Mapping[str, int]] = {"global": 2}
    borrowed: ClassVar[Mapping[str, str]] = {}

    def __init__(self, config: MethodConfig, tokenizer: TextTokenizer | None = None) -> None:
        super().__init__()
        if config.text_pooling not in ("mean", "first"):
            raise MapleError(f"text_pooling {config.text_pooling!r}", "unknown", "use mean or first")
        self.config = config
        self.options = self.read_options(config.options)
        self.build(tokenizer)

    def build(self, tokenizer: TextTokenizer | None) -> None:
        """Make the encoders and the heads; a method with others of its own makes those instead."""
        config = self.config
        self.image_encoder = ImageEncoder(
            config.image_encoder,
            config.image_size,
            config.image_strides,
            config.image_width,
            config.pretrained,
            config.image_positions,
        )
        self.text_encoder = TextEncoder(
            config.text_encoder,
            config.text_layers,
            config.text_width,
            config.text_heads,
            config.max_length,
            tokenizer,
        )
        image_width, text_width = self.image_encoder.width, self.text_encoder.width
        widths = {"image": image_width, "patch": image_width, "text": text_width, "word": text_width}
        for name, width in widths.items():
            if name not in self.borrowed:
                setattr(self, f"{name}_head", ProjectionHead(width, config.dim, config.head_hidden))

    def head(self, name: str) -> ProjectionHead:
        """The head of ``"image"``, ``"patch"``, ``"text"`` or ``"word"``, or the one that it borrows."""
        head: ProjectionHead = getattr(self, f"{self.borrowed.get(name, name)}_head")
        return head

    @property
    def image_size(self) -> int:
        """Side of the input images in pixels."""
        return self.config.image_size

    @property
    def grid(self) -> tuple[int, int]:
        """Patches per column and row."""
        return self.image_encoder.grid

    def encode_images(self, images: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """Embed images, their patches and, given anatomy, their regions.

        Args:
            images: (B, 1, S, S) float in [0, 1], bone bright.
            regions: (B, R, h, w) share of each patch inside each region, or None.

        Raises:
            MapleError: if a pixel is NaN or infinite. While training this is not looked at here, because
                looking waits for the device; the loop stops at the loss.
        """
        if not self.training:
            check_finite(images)
        return self.project_images(self.image_encoder(images), regions)

    def project_images(self, hidden: Tensor, regions: Tensor | None = None) -> ImageFeatures:
        """Bring the image encoder's patches (B, N, C) to the shared space, and pool regions (B, R, h, w)."""
        pooled = F.normalize(self.head("image")(hidden.mean(1)), dim=-1)
        patches = F.normalize(self.head("patch")(hidden), dim=-1)
        if regions is None:
            return ImageFeatures(pooled, patches, self.grid)
        return ImageFeatures(pooled, patches, self.grid, *mask_pool(patches, regions))

    def encode_sentences(self, sentences: Sequence[str]) -> TextFeatures:
        """Embed texts as single sentences: (U, D) for whole images and for places."""
        encoded = self.text_encoder(self.text_encoder.tokenize(list(sentences)))
        words = F.normalize(self.head("word")(encoded.words, encoded.word_valid), dim=-1)
        counts = encoded.word_valid.sum(1, keepdim=True).clamp_min(1)
        pooled = self.head("text")(self.pool(encoded))
        return TextFeatures(F.normalize(pooled, dim=-1), words.sum(1) / counts, words, encoded.word_valid)

    def pool(self, encoded: EncodedText) -> Tensor:
        """What stands for whole texts (U, C) before the head: their words' mean, or their first token."""
        if self.config.text_pooling == "first":
            return encoded.pooled
        return encoded.words.sum(1) / encoded.word_valid.sum(1, keepdim=True).clamp_min(1)

    def embed_sentences(self, sentences: Sequence[str]) -> Tensor:
        """(U, D) unit-norm embeddings of whole sentences alone, for losses that look at no word."""
        encoded = self.text_encoder(self.text_encoder.tokenize(list(sentences)))
        return F.normalize(self.head("text")(self.pool(encoded)), dim=-1)

    def encode_texts(self, texts: Sequence[str]) -> TextFeatures:
        """Embed texts of one or more sentences, sentence by sentence.

        A text's embeddings are the means of its sentences'; its words follow each other.
        """
        parts = [_sentences(text) for text in texts]
        flat = list(dict.fromkeys(s for part in parts for s in part))
        features = self.encode_sentences(flat)
        if all(len(part) == 1 for part in parts) and len(flat) == len(texts):
            phrases, there = features.each()
            return replace(features, sentences=phrases, sentence_valid=there)
        row = {s: i for i, s in enumerate(flat)}
        member = features.pooled.new_zeros(len(parts), len(flat))
        for i, part in enumerate(parts):
            member[i, [row[s] for s in part]] = 1
        words = [torch.cat([_words(features, row[s]) for s in part]) for part in parts]
        padded = nn.utils.rnn.pad_sequence(words, batch_first=True)
        lengths = torch.tensor([len(w) for w in words], device=padded.device)
        valid = torch.arange(padded.shape[1], device=padded.device) < lengths[:, None]
        order = nn.utils.rnn.pad_sequence(
            [torch.tensor([row[s] for s in part]) for part in parts], True, len(flat)
        ).to(padded.device)
        return TextFeatures(
            report_embedding(features, member),
            average(member) @ features.phrase,
            padded,
            valid,
            sentences=F.pad(features.phrase, (0, 0, 0, 1))[order],
            sentence_valid=order < len(flat),
        )

    def texts(self, batch: Batch) -> tuple[str, ...]:
        """What ``losses`` gives to the text encoder, in its order: the batch's different sentences."""
        return batch.sentences

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The named terms of the method's loss on a batch, each a scalar, not yet weighted."""
        raise NotImplementedError(f"{type(self).__name__} must define losses(batch)")

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """The weighted sum of the terms."""
        return torch.stack([self.weight(name) * term for name, term in terms.items()]).sum()

    def weight(self, term: str) -> float:
        """The weight of a term: the configuration's, else the paper's, else 1."""
        return (self.config.weights or {}).get(term, self.default_weights.get(term, 1.0))

    def uses(self, term: str) -> bool:
        """False when the configuration gives a term no weight."""
        return self.weight(term) != 0

    def compute(self, terms: Mapping[str, Callable[[], Tensor]]) -> dict[str, Tensor]:
        """The values of the terms that have a weight; the others are not computed."""
        return {name: term() for name, term in terms.items() if self.uses(name)}

    def chance(self, batch_size: int) -> dict[str, float]:
        """What each term costs that is a choice among the studies of a batch, when it is guessed: in nats."""
        return {name: softmaxes * log(batch_size) for name, softmaxes in self.choices.items()}

    def similarity(self, images: ImageFeatures, texts: TextFeatures) -> Tensor:
        """How well every text fits every whole image: (B, T), higher is better.

        Zero-shot classification and the search by whole images and reports read this; a method whose paper
        adds local evidence overrides it.
        """
        return images.pooled @ texts.pooled.T

    def searched(self, embeddings: Tensor, region: int) -> Tensor:
        """What a search by region compares, by inner product: (n, D) -> (n, K).

        Args:
            embeddings: (n, D) of one region in n images, or phrases of n texts about it.
            region: its number.

        Returns:
            The embeddings brought to unit norm, so that cases are compared by cosine.
        """
        return F.normalize(embeddings, dim=-1)

    def similarity_map(self, images: ImageFeatures, texts: TextFeatures) -> Tensor:
        """Cosine of every patch with the phrase of the same row: (B, h, w) in [-1, 1].

        Source: BioViL (ECCV 2022), projected patch times projected phrase.
        """
        phrase = F.normalize(texts.phrase, dim=-1)
        return torch.einsum("bnd,bd->bn", images.patches, phrase).unflatten(1, images.grid)


def check_finite(images: Tensor) -> None:
    """Raise a MapleError that counts them when an image holds a pixel that is NaN or infinite."""
    bad = (~images.isfinite().flatten(1).all(1)).nonzero().flatten().tolist()
    if bad:
        raise MapleError(
            f"images {bad} of the batch", "hold NaN or infinite pixels", "read them again, or leave them out"
        )


def average(member: Tensor) -> Tensor:
    """Rows of membership (B, U) brought to sum 1; empty rows stay zero."""
    return member / member.sum(-1, keepdim=True).clamp_min(1)


def report_embedding(sentences: TextFeatures, member: Tensor) -> Tensor:
    """(B, D) unit-norm mean of the sentences of each report; ``member`` (B, U) says which are its."""
    return F.normalize(average(member) @ sentences.pooled, dim=-1)


def _words(features: TextFeatures, row: int) -> Tensor:
    return features.words[row][features.word_valid[row]]


def _sentences(text: str) -> list[str]:
    from maple_lib.reports import parse

    return [s.text for s in parse(text).sentences] or [text]
