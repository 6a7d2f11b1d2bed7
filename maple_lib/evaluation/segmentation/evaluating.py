"""Segmentation with a frozen image encoder: a decoder learns to draw targets from its patches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from maple_lib.data.study import BoolMask, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.probe.backbone import Backbone, random_backbone
from maple_lib.evaluation.probe.cases import Picked
from maple_lib.evaluation.probe.fitting import Rule, fit
from maple_lib.evaluation.probe.seeded import seeded
from maple_lib.evaluation.probe.splits import Index, divide, patient_numbers
from maple_lib.evaluation.segmentation.decoders import build_decoder
from maple_lib.evaluation.segmentation.dice import dice_on_images
from maple_lib.evaluation.segmentation.loss import focal_dice_loss
from maple_lib.evaluation.segmentation.protocols import SegmentationProtocol
from maple_lib.evaluation.segmentation.result import SegmentationResult
from maple_lib.evaluation.segmentation.targets import check_shown, target_mask, training_truth
from maple_lib.methods.inference import encode_studies, inference, method_name

if TYPE_CHECKING:
    import pandas as pd


def evaluate_segmentation(
    method: Any,
    studies: Sequence[Study],
    protocol: SegmentationProtocol,
    *,
    seed: int = 0,
    batch_size: int = 32,
    with_floors: bool = True,
) -> SegmentationResult:
    """Draw findings or regions from a method's frozen image encoder.

    The studies are split by patient into those that the decoder learns from, those that stop it, and those it
    is scored on. Every study is encoded once and its patches are kept: 4 C h w bytes each.

    Args:
        method: anything that speaks the interface of a method; it is left as it is.
        studies: with lesions, drawn phrases or region masks: never what the method was trained on.
        protocol: targets, decoder, splits, rule of training.
        seed: of the decoder's first weights, the order of training, the random weights and the bootstrap.
        batch_size: studies encoded or decoded at a time; it does not change the scores.
        with_floors: whether to score random weights, an empty prediction and the mean training mask.

    Raises:
        MapleError: if a part of the split is empty or the training part shows nothing of a target.
    """
    parts = _split(studies, protocol)
    truth, known = training_truth(Picked((studies, parts.learning)), protocol.targets, method.image_size)
    count = len(parts.train)
    check_shown(truth[:count], protocol.targets)
    backbone = Backbone(method)
    networks = {"method": backbone}
    if with_floors:
        networks["random weights"] = random_backbone(method, seed)
    sources = {
        name: _decode(network, Picked((studies, parts.all)), truth, known, parts, protocol, seed, batch_size)
        for name, network in networks.items()
    }
    if with_floors:
        mean = (truth[:count].sum(0) / known[:count].sum(0).clamp_min(1)[:, None, None])[None]
        sources |= {"nothing": torch.zeros_like(mean), "mean mask": mean}
    table = _table(Picked((studies, parts.test)), sources, protocol, batch_size)
    return SegmentationResult(protocol, method_name(method), table, seed, backbone.features)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Indices of the studies of each part."""

    train: Index
    validation: Index
    test: Index

    @property
    def learning(self) -> Index:
        """To train on, then to validate on."""
        return np.concatenate([self.train, self.validation])

    @property
    def all(self) -> Index:
        """To train, to validate, to test on."""
        return np.concatenate([self.train, self.validation, self.test])


def _split(studies: Sequence[Study], protocol: SegmentationProtocol) -> _Parts:
    parts = divide(patient_numbers(studies), protocol.splits, protocol.split_seed)
    if not all(len(part) for part in parts):
        sizes = " / ".join(str(len(part)) for part in parts)
        raise MapleError(f"{len(studies)} studies", f"split into {sizes}", "give studies of more patients")
    return _Parts(*parts)


def _decode(
    backbone: Backbone,
    studies: Sequence[Study],
    truth: Tensor,
    known: Tensor,
    parts: _Parts,
    protocol: SegmentationProtocol,
    seed: int,
    batch_size: int,
) -> Tensor:
    """Train a decoder; (n, K, S, S) probabilities of the test studies."""
    features = patch_features(backbone, studies, batch_size)
    with seeded(seed):
        decoder = build_decoder(protocol, features.shape[1], backbone.grid, backbone.image_size)
    decoder.to(backbone.device)
    counts = known.float()

    def loss(index: Tensor) -> Tensor:
        maps, masks, there = (part[index].to(backbone.device) for part in (features, truth, counts))
        return focal_dice_loss(
            decoder(maps), masks.float(), there, protocol.focal_weight, protocol.focal_gamma
        )

    held = torch.arange(len(parts.train), len(truth)).split(protocol.batch)
    rule = Rule(protocol.batch, protocol.epochs, protocol.patience, protocol.weight_decay, seed)
    fit(
        decoder,
        loss,
        len(parts.train),
        lambda: float(np.mean([float(loss(index)) for index in held])),
        [(decoder, protocol.learning_rate)],
        rule,
    )
    return _probabilities(decoder, features[len(truth) :], backbone.device, batch_size)


def patch_features(backbone: Backbone, studies: Sequence[Study], batch_size: int) -> Tensor:
    """(N, C, h, w) float32 features of every patch before the projection, on the CPU."""
    with inference(backbone):
        parts = [f.patches.float().cpu() for _, f in encode_studies(backbone, studies, batch_size)]
    # joined outside of inference mode, so that a loss may look at them
    return torch.cat(parts).transpose(1, 2).unflatten(2, backbone.grid)


def _probabilities(decoder: nn.Module, features: Tensor, device: torch.device, batch_size: int) -> Tensor:
    with torch.no_grad():
        return torch.cat([decoder(part.to(device)).sigmoid().cpu() for part in features.split(batch_size)])


def _table(
    studies: Sequence[Study], sources: Mapping[str, Tensor], protocol: SegmentationProtocol, batch_size: int
) -> pd.DataFrame:
    """One row per source, study and target."""
    import pandas as pd

    masks: list[list[BoolMask | None]] = [
        [target_mask(s, name) for name in protocol.targets] for s in studies
    ]
    count, kinds = len(masks), len(protocol.targets)
    facts = {
        "row": np.repeat(np.arange(count), kinds),
        "study_id": np.repeat([study.study_id for study in studies], kinds),
        "patient": np.repeat(patient_numbers(studies), kinds),
        "target": np.tile(protocol.targets, count),
        "metric": "dice",
        "present": [mask is not None and bool(mask.any()) for row in masks for mask in row],
    }
    frames = []
    for source, inside in sources.items():
        whole = inside.expand(count, *inside.shape[1:])
        values = dice_on_images(whole, masks, protocol.threshold, batch_size)
        frames.append(pd.DataFrame({"source": source, **facts, "value": values.ravel()}))
    return pd.concat(frames, ignore_index=True)
