"""How well groups of sentences fit images: the scores that every prompted evaluation reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.zero_shot.prompts import PromptEnsemble
from maple_lib.evaluation.zero_shot.protocol import Averaging
from maple_lib.methods.inference import encode_studies, encode_texts, inference, method_name, select

if TYPE_CHECKING:
    from torch import Tensor

    from maple_lib.encoders.features import ImageFeatures, TextFeatures

Scores = NDArray[np.float64]


def prompt_scores(
    method: Any,
    studies: Sequence[Study],
    groups: Sequence[Sequence[str]],
    averaging: Averaging = "mean_embedding",
    batch_size: int = 32,
    regions: bool = False,
) -> Scores:
    """Similarity of every study's image to every group of sentences.

    Args:
        method: anything that speaks the interface of a method; its ``similarity`` is used where it has one,
            else the cosine of the pooled embeddings.
        studies: N of them.
        groups: G lists of sentences, none empty.
        averaging: over the sentences of a group: ``"mean_embedding"``, ``"max"`` or ``"mean_similarity"``.
        batch_size: studies, and sentences, encoded at once.
        regions: whether the images are encoded with their anatomy.

    Returns:
        (N, G), higher is better.

    Raises:
        MapleError: if a score is NaN; the message names the method and the first such study.
    """
    import torch

    parts = []
    with inference(method):
        texts = encode_texts(method, [text for group in groups for text in group], batch_size)
        group = torch.repeat_interleave(
            torch.arange(len(groups)), torch.tensor([len(each) for each in groups])
        ).to(texts.pooled.device)
        if averaging == "mean_embedding":
            texts = average_texts(texts, group, len(groups))
        for _, images in encode_studies(method, studies, batch_size, regions):
            fit = similarity(method, images, texts).float()
            if averaging != "mean_embedding":
                fit = _reduce(fit, group, len(groups), averaging)
            parts.append(fit.cpu())
    return _checked(torch.cat(parts).double().numpy(), method, studies)


def contrast_scores(
    method: Any,
    studies: Sequence[Study],
    ensemble: PromptEnsemble,
    findings: Sequence[str],
    averaging: Averaging = "mean_embedding",
    batch_size: int = 32,
    regions: bool = False,
) -> Scores:
    """(N, F): similarity to the sentences that say a finding is there, minus to those that deny it."""
    groups = [ensemble.positive(name) for name in findings] + [ensemble.negative(name) for name in findings]
    scores = prompt_scores(method, studies, groups, averaging, batch_size, regions)
    return scores[:, : len(findings)] - scores[:, len(findings) :]


def similarity(method: Any, images: ImageFeatures, texts: TextFeatures) -> Tensor:
    """(B, T) fit of texts to whole images: the method's own, or the cosine of the pooled embeddings."""
    own = getattr(method, "similarity", None)
    fit: Tensor = images.pooled @ texts.pooled.T if own is None else own(images, texts)
    return fit


def average_texts(texts: TextFeatures, group: Tensor, count: int) -> TextFeatures:
    """One text for each group: the mean of its embeddings, brought to unit norm; its words follow each other.

    Args:
        texts: T sentences.
        group: (T,) long, to which of the groups each belongs; sorted, no group empty.
        count: G.

    Source: BioViL (ECCV 2022), averaged before they are brought to unit norm; the sentences themselves have
    unit norm here, so that a long one counts no more than a short one.
    """
    import torch
    from torch.nn import functional as F

    member = F.one_hot(group, count).T.to(texts.pooled.dtype)
    mean = member / member.sum(1, keepdim=True)
    rows = [features[valid] for features, valid in zip(texts.words, texts.word_valid, strict=True)]
    words = [torch.cat([rows[i] for i in each.nonzero().flatten().tolist()]) for each in member]
    lengths = torch.tensor([len(each) for each in words], device=group.device)
    padded = torch.nn.utils.rnn.pad_sequence(words, batch_first=True)
    valid = torch.arange(padded.shape[1], device=group.device) < lengths[:, None]
    first = select(texts, member.argmax(1).tolist())  # whatever else a method's texts hold
    pooled, phrase = F.normalize(mean @ texts.pooled, dim=-1), mean @ texts.phrase
    apart = ("sentences", "sentence_valid", "statements")  # of single texts, not of their mean
    single = {name: None for name in apart if hasattr(first, name)}
    return dataclasses.replace(first, pooled=pooled, phrase=phrase, words=padded, word_valid=valid, **single)


def _reduce(fit: Tensor, group: Tensor, count: int, averaging: Averaging) -> Tensor:
    """(B, T) to (B, G)."""
    kind = "amax" if averaging == "max" else "mean"
    return fit.new_zeros(len(fit), count).scatter_reduce(
        1, group.expand_as(fit), fit, kind, include_self=False
    )


def _checked(scores: Scores, method: Any, studies: Sequence[Study]) -> Scores:
    bad = np.isnan(scores).any(1)
    if bad.any():
        first = studies[int(bad.argmax())].study_id
        raise MapleError(
            f"method {method_name(method)!r}",
            f"gives NaN for {bad.sum()} of {len(studies)} studies, the first is {first}",
            "check its embeddings: a zero vector has no direction, a diverged training has no numbers",
        )
    return scores
