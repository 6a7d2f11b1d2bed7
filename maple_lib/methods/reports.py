"""Reports as the losses need them: one embedding each, and what they say about every region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maple_lib.data.batch import Batch
from maple_lib.encoders.features import TextFeatures
from maple_lib.methods.base import Method, average, report_embedding


@dataclass(frozen=True, slots=True)
class Reports:
    """B reports and their words about R regions.

    Attributes:
        pooled: (B, D) one unit-norm embedding per report.
        about: (B, R, D) mean embedding of what is said of each region; zero where nothing is.
        spoken: (B, R) bool, True where something is said of the region.
    """

    pooled: Tensor
    about: Tensor
    spoken: Tensor


def read_sentences(method: Method, batch: Batch) -> Reports:
    """Read every different sentence once; a report is the mean of its sentences."""
    sentences = method.encode_sentences(batch.sentences)
    return Reports(
        report_embedding(sentences, batch.report_sentences),
        average(batch.region_sentences) @ sentences.phrase,
        batch.region_sentences.sum(-1) > 0,
    )


def read_whole(method: Method, batch: Batch) -> Reports:
    """Read every report as one sequence; a region is the mean of the words of its sentences inside it.

    Sentences that state nothing are not in a batch, and not in these reports. What is cut off at the end
    says nothing either.
    """
    texts, sentence_of_word = whole_reports(method, batch)
    encoded = method.text_encoder(method.text_encoder.tokenize(list(texts)))
    words = F.normalize(method.head("word")(encoded.words, encoded.word_valid), dim=-1)
    # One more column than sentences: words of no sentence look there and find nothing.
    spoken_in = F.pad(batch.region_sentences, (0, 1))
    where = torch.from_numpy(sentence_of_word[:, : words.shape[1]]).to(words.device)
    member = spoken_in.gather(2, where[:, None].expand(-1, spoken_in.shape[1], -1))
    member = member * encoded.word_valid[:, None]
    pooled = F.normalize(method.head("text")(method.pool(encoded)), dim=-1)
    return Reports(pooled, average(member) @ words, member.sum(-1) > 0)


def whole_reports(method: Method, batch: Batch) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The B reports of a batch written out, and the row of the sentence of each of their words (B, L)."""
    counts = method.text_encoder.tokenizer(batch.sentences).word_valid.sum(1).numpy()
    texts = tuple(" ".join(batch.sentences[u] for u in order) for order in batch.orders)
    rows = [np.repeat(np.array(order, np.int64), counts[list(order)]) for order in batch.orders]
    longest = max((len(row) for row in rows), default=0) or 1
    table = np.full((len(rows), longest), len(batch.sentences), np.int64)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return texts, table


def report_words(sentences: TextFeatures, member: Tensor) -> tuple[Tensor, Tensor]:
    """The words of each report, one after the other.

    Args:
        sentences: features of the U different sentences of a batch.
        member: (B, U) above 0 where the report holds the sentence.

    Returns:
        words (B, L, D), zero at padding, and (B, L) bool, True where there is a word. L is the number of
        words of the longest report; finding it waits for the device once.
    """
    valid = (member[:, :, None] > 0) & sentences.word_valid
    valid = valid.flatten(1)
    longest = max(int(valid.sum(1).max()), 1) if valid.numel() else 1
    first = valid.to(torch.uint8).sort(dim=1, descending=True, stable=True).indices[:, :longest]
    kept = valid.gather(1, first)
    return sentences.words.flatten(0, 1)[first] * kept[..., None], kept
