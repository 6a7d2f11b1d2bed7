"""From phantoms to the folder that is shipped: train, average, calibrate, measure, write."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from maple_lib.anatomy.atlas import SCORES, Atlas
from maple_lib.anatomy.confidence import Calibration, expected_dice
from maple_lib.anatomy.network import NetworkShape, RegionNet
from maple_lib.anatomy.segmenter import Segmenter
from maple_lib.anatomy.weights import ATLAS, CARD, CHECKSUMS, CONFIG, WEIGHTS
from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.methods.saving import whole_folder
from maple_lib.training.run import versions
from maple_lib.training.segmenter.atlas import average_chest
from maple_lib.training.segmenter.card import model_card
from maple_lib.training.segmenter.loop import Recipe, train_network
from maple_lib.training.segmenter.quality import fit_confidence, region_dice
from maple_lib.training.segmenter.store import SIZE, Drawn, draw
from maple_lib.vocabulary import REGIONS

SHAPE = NetworkShape("mobilenetv3_small_100", 192, (32, 48, 64, 96, 96), tuple(REGIONS))
AVERAGED, CALIBRATED, HELD_OUT = 150, 256, 200  # phantoms for the atlas, for confidence, for the card


def make_segmenter(out: Path, recipe: Recipe, workers: int = 1, progress: bool = True) -> Path:
    """Train and write a segmenter with its atlas; the folder appears whole or not at all.

    Args:
        out: the folder; one that exists is replaced.
        recipe: see ``Recipe``.
        workers: processes that draw phantoms.
        progress: print the loss now and then.
    """
    drawn = draw(recipe.phantoms, recipe.seed, True, workers, progress)

    def say(step: int, loss: float, seconds: float) -> None:
        if progress:
            print(f"step {step}  loss {loss:.4f}  {seconds:.0f} s", flush=True)

    network = train_network(SHAPE, drawn, recipe, say)
    return finish(network, drawn, recipe, out, workers, progress)


def finish(
    network: RegionNet, drawn: Drawn, recipe: Recipe, out: Path, workers: int = 1, progress: bool = True
) -> Path:
    """Average, calibrate, measure and write a trained network, its weights rounded to half precision."""
    _round(network)
    fresh = draw(CALIBRATED, recipe.seed + 1, True, workers, progress)
    segmenter = Segmenter(network, _trust_network(network, fresh, recipe.seed))
    some = Drawn(drawn.pixels[:AVERAGED], drawn.masks[:AVERAGED])
    template, masks = average_chest(some)
    template, masks = template.half().float(), (masks * 255).round() / 255  # as they are stored
    atlas = Atlas(REGIONS, template, masks, _trust_atlas(template, masks, fresh, recipe.seed))
    held_out = PhantomSequence(HELD_OUT, recipe.seed + 2, SIZE)
    scores = [region_dice(source, held_out) for source in (segmenter, atlas)]
    with whole_folder(out) as folder:
        _write(folder, segmenter, atlas, recipe, scores, len(some))
    return out


def _round(network: RegionNet) -> None:
    with torch.no_grad():
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().float())


def _trust_network(network: RegionNet, fresh: Drawn, seed: int) -> Calibration:
    @torch.inference_mode()
    def promise(images: Tensor) -> tuple[Tensor, Tensor]:
        scores = network(images)
        return scores, expected_dice(scores.sigmoid())

    return fit_confidence(promise, fresh, network.shape.size, seed + 1)


def _trust_atlas(template: Tensor, masks: Tensor, fresh: Drawn, seed: int) -> Calibration:
    blind = Calibration((0.0, 1.0), dict.fromkeys(REGIONS, (0.0, 1.0)))
    atlas = Atlas(REGIONS, template, masks, blind)

    def promise(images: Tensor) -> tuple[Tensor, Tensor]:
        pairs = [atlas.scores(image[None]) for image in images]
        likeness = torch.tensor([max(value, 0.0) for _, value in pairs])
        return torch.stack([scores for scores, _ in pairs]), likeness[:, None].expand(-1, len(REGIONS))

    return fit_confidence(promise, fresh, 2 * SCORES, seed + 1)


def _write(
    folder: Path,
    segmenter: Segmenter,
    atlas: Atlas,
    recipe: Recipe,
    scores: list[dict[str, float]],
    averaged: int,
) -> None:
    from safetensors.torch import save_file

    state = segmenter.network.state_dict()
    weights = {k: t.half().contiguous() for k, t in state.items() if t.is_floating_point()}
    save_file(weights, folder / WEIGHTS)
    masks = (atlas.masks * 255).round().to(torch.uint8)
    save_file({"template": atlas.template.half().contiguous(), "masks": masks}, folder / ATLAS)
    _write_config(folder, segmenter, atlas, recipe)
    facts = {
        "parameters": sum(t.numel() for t in weights.values()),
        "encoder": segmenter.network.shape.encoder,
        "size": segmenter.network.shape.size,
        "phantoms": recipe.phantoms,
        "seed": recipe.seed,
        "averaged": averaged,
        "held_out": HELD_OUT,
    }
    (folder / CARD).write_text(model_card(facts, *scores), encoding="utf-8", newline="\n")
    names = (CARD, ATLAS, CONFIG, WEIGHTS)
    sums = "".join(f"{_digest(folder / name)}  {name}\n" for name in names)
    (folder / CHECKSUMS).write_text(sums, encoding="utf-8", newline="\n")


def _write_config(folder: Path, segmenter: Segmenter, atlas: Atlas, recipe: Recipe) -> None:
    config: dict[str, Any] = {
        "network": segmenter.network.shape.to_dict(),
        "calibration": segmenter.calibration.to_dict(),
        "atlas": atlas.calibration.to_dict(),
        "sha256": {name: _digest(folder / name) for name in (WEIGHTS, ATLAS)},
        "recipe": asdict(recipe),
        "versions": versions(),
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8", newline="\n")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
