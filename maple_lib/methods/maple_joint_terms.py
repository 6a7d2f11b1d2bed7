"""The terms of MApLe-joint's loss, each a function of features and batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.data.batch import Batch
from maple_lib.data.record import STATES
from maple_lib.encoders.features import ImageFeatures
from maple_lib.losses import (
    balanced_agreement,
    matching_contrastive,
    phrase_place_of_cosines,
    region_case_contrastive,
    region_finding_contrastive,
    region_instance_of_cosines,
)
from maple_lib.methods.base import report_embedding
from maple_lib.methods.maple_joint_texts import MIRROR, Asked, Read, padded

if TYPE_CHECKING:
    from maple_lib.methods.maple_joint import MapleJoint


@dataclass(frozen=True, slots=True)
class Seen:
    """What the patches say to the U sentences and to the prompts of F findings, computed at once.

    Attributes:
        order: (U,) sentences, first the S that state findings as present and none as absent.
        told: (B, S, N) cosines with these.
        present: (B, F, N) cosines with the prompts that say so.
        report: (B, B) how well the sentences of each report fit each image, added up.
        yes, no: (B, F) how well the prompts fit.
        lit: (B, F) the best patch for "there is no".
    """

    order: Tensor
    told: Tensor
    present: Tensor
    report: Tensor
    yes: Tensor
    no: Tensor
    lit: Tensor


def look(method: MapleJoint, images: ImageFeatures, read: Read, batch: Batch) -> Seen:
    """Compare all patches with all phrases; both have unit norm already."""
    said = batch.statements
    states = (said == STATES["present"]).any(1) & ~(said == STATES["absent"]).any(1)
    order = torch.cat([states.nonzero().flatten(), (~states).nonzero().flatten()])
    prompts = torch.cat([read.present.phrase, read.absent.phrase])
    phrases = torch.cat([read.sentences.phrase[order], prompts])
    cosines = phrases.expand(len(images.patches), -1, -1) @ images.patches.mT
    best = method.best_patch(cosines)
    asked, findings, telling = len(order), len(read.present.phrase), int(states.sum())
    of_sentences, yes, no = (best - method.needed(phrases)).split([asked, findings, findings], 1)
    # Cut at once: the gradients of separate slices would each be as large as the whole.
    told, _, present, _ = cosines.split([telling, asked - telling, findings, findings], 1)
    return Seen(
        order=order,
        told=told,
        present=present,
        report=of_sentences @ (batch.report_sentences[:, order] > 0).to(best.dtype).T,
        yes=yes,
        no=no,
        lit=best[:, asked + findings :],
    )


def joint_terms(
    method: MapleJoint, images: ImageFeatures, read: Read, asked: Asked, batch: Batch
) -> Mapping[str, Callable[[], Tensor]]:
    """The terms by name, each computed when it is called."""
    temperature = method.config.temperature
    regions, visible = images.described()
    shown = batch.region_findings[..., list(asked.findings)]
    seen = look(method, images, read, batch)
    reports = report_embedding(read.sentences, batch.report_sentences)
    return {
        "global": lambda: matching_contrastive(images.pooled @ reports.T, temperature, direction="sum"),
        "report": lambda: matching_contrastive(
            method.compare(images.pooled, reports, seen.report), temperature, direction="sum"
        ),
        "place": lambda: place(images, read, asked, batch, temperature),
        "instance": lambda: instance(seen, batch, temperature),
        "query": lambda: query(method, images, read, seen, asked, batch),
        "dark": lambda: dark(seen.lit, temperature),
        "anywhere": lambda: anywhere(seen.present, asked, batch, temperature),
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
    return phrase_place_of_cosines(phrases[where] @ images.patches.mT, union, there, temperature)


def instance(seen: Seen, batch: Batch, temperature: float) -> Tensor:
    """Every sentence that states findings as present, against the regions it names in all images."""
    told = seen.order[: seen.told.shape[1]]
    named = batch.sentence_regions[told]
    states = (batch.statements[told] == STATES["present"]).to(batch.region_findings.dtype)
    shown = torch.einsum("brf,sf,sr->bs", batch.region_findings, states, named) > 0
    union = torch.einsum("sr,brn->bsn", named, batch.regions.flatten(2)).clamp_max(1)
    return region_instance_of_cosines(seen.told, union, shown, temperature)


def query(
    method: MapleJoint, images: ImageFeatures, read: Read, seen: Seen, asked: Asked, batch: Batch
) -> Tensor:
    """Is there, or is there no? For every finding that the batch states, of every image."""
    known = batch.findings[:, list(asked.findings)]
    yes = method.compare(images.pooled, read.present.pooled, seen.yes)
    no = method.compare(images.pooled, read.absent.pooled, seen.no)
    logits = (yes - no) / method.config.temperature
    return balanced_agreement(logits, known > 0, known >= 0, method.options.missed)


def dark(evidence: Tensor, temperature: float) -> Tensor:
    """No patch should fit "there is no": a map of what is absent has nothing to show."""
    lit = functional.softplus(evidence / temperature)
    return lit.sum() / max(1, lit.numel())


def anywhere(seen: Tensor, asked: Asked, batch: Batch, temperature: float) -> Tensor:
    """Prompts without a place: find the images that show the finding, and in them its regions."""
    chosen = list(asked.findings)
    shown = batch.region_findings[..., chosen]
    where = torch.einsum("brf,brn->bfn", shown, batch.regions.flatten(2)).clamp_max(1)
    present = batch.findings[:, chosen] > 0
    which = region_instance_of_cosines(seen, torch.ones_like(where), present, temperature)
    return which + phrase_place_of_cosines(seen, where, present, temperature)
