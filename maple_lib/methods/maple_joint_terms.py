"""The terms of MApLe-joint's loss, each a function of features and batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.data.batch import Batch
from maple_lib.data.record import STATES
from maple_lib.encoders.features import ImageFeatures
from maple_lib.losses import (
    balanced_agreement,
    global_contrastive,
    phrase_place_contrastive,
    region_case_contrastive,
    region_finding_contrastive,
    region_instance_contrastive,
)
from maple_lib.methods.base import report_embedding
from maple_lib.methods.maple_joint_texts import MIRROR, Asked, Read, padded

if TYPE_CHECKING:
    from maple_lib.methods.maple_joint import MapleJoint


def joint_terms(
    method: MapleJoint, images: ImageFeatures, read: Read, asked: Asked, batch: Batch
) -> Mapping[str, Callable[[], Tensor]]:
    """The terms by name, each computed when it is called."""
    temperature = method.config.temperature
    regions, visible = images.described()
    shown = batch.region_findings[..., list(asked.findings)]
    return {
        "global": lambda: global_contrastive(
            images.pooled,
            report_embedding(read.sentences, batch.report_sentences),
            temperature,
            direction="sum",
        ),
        "place": lambda: place(images, read, asked, batch, temperature),
        "instance": lambda: instance(images, read, batch, temperature),
        "query": lambda: query(method, images, read, asked, batch),
        "dark": lambda: dark(method, images, read, temperature),
        "anywhere": lambda: anywhere(images, read, asked, batch, temperature),
        "finding": lambda: region_finding_contrastive(
            regions, read.placed, read.nothing, shown, visible, temperature
        ),
        "case": lambda: region_case_contrastive(regions, shown, visible, temperature),
    }


def place(images: ImageFeatures, read: Read, asked: Asked, batch: Batch, temperature: float) -> Tensor:
    """Sentences of a report, and those about the other side, must look at the regions they name.

    The second are not true of the image, but they say as clearly where to look.
    """
    every = tuple(range(asked.sentences))
    said = _looked_up(images, read.sentences.phrase, batch.sentence_regions, batch, every, temperature)
    if not asked.mirrored:
        return said
    other_side = batch.sentence_regions[list(asked.mirrored)][:, list(MIRROR)]
    return said + _looked_up(images, read.mirrored, other_side, batch, asked.mirrored, temperature)


def _looked_up(
    images: ImageFeatures,
    phrases: Tensor,
    named: Tensor,
    batch: Batch,
    sentences: tuple[int, ...],
    temperature: float,
) -> Tensor:
    """The place term of some sentences, each in the images whose reports hold it."""
    where, there = padded(batch.orders, sentences, phrases.device)
    union = torch.einsum("blr,brn->bln", named[where], batch.regions.flatten(2)).clamp_max(1)
    return phrase_place_contrastive(images.patches, phrases[where], union, there, temperature)


def instance(images: ImageFeatures, read: Read, batch: Batch, temperature: float) -> Tensor:
    """Every sentence that states findings as present, against the regions it names in all images."""
    present = batch.statements == STATES["present"]
    chosen = (present.any(1) & ~(batch.statements == STATES["absent"]).any(1)).nonzero().flatten()
    named, states = batch.sentence_regions[chosen], present[chosen].to(batch.region_findings.dtype)
    shown = torch.einsum("brf,sf,sr->bs", batch.region_findings, states, named) > 0
    union = torch.einsum("sr,brn->bsn", named, batch.regions.flatten(2)).clamp_max(1)
    return region_instance_contrastive(
        images.patches, read.sentences.phrase[chosen], union, shown, temperature
    )


def query(method: MapleJoint, images: ImageFeatures, read: Read, asked: Asked, batch: Batch) -> Tensor:
    """Is there, or is there no? For every finding that the batch states, of every image."""
    known = batch.findings[:, list(asked.findings)]
    difference = method.similarity(images, read.present) - method.similarity(images, read.absent)
    return balanced_agreement(difference * method.query_scale.exp(), known > 0, known >= 0)


def dark(method: MapleJoint, images: ImageFeatures, read: Read, temperature: float) -> Tensor:
    """No patch should fit "there is no": a map of what is absent has nothing to show."""
    lit = functional.softplus(method.evidence(images, read.absent) / temperature)
    return lit.sum() / max(1, lit.numel())


def anywhere(images: ImageFeatures, read: Read, asked: Asked, batch: Batch, temperature: float) -> Tensor:
    """Prompts without a place: find the images that show the finding, and in them its regions."""
    chosen = list(asked.findings)
    shown = batch.region_findings[..., chosen]
    where = torch.einsum("brf,brn->bfn", shown, batch.regions.flatten(2)).clamp_max(1)
    present = batch.findings[:, chosen] > 0
    everywhere = torch.ones_like(where)
    phrases = read.present.phrase
    return region_instance_contrastive(
        images.patches, phrases, everywhere, present, temperature
    ) + phrase_place_contrastive(images.patches, phrases, where, present, temperature)
