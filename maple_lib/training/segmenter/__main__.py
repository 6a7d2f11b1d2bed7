"""``python -m maple_lib.training.segmenter --out data_samples/segmenter``: the shipped one, made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from maple_lib.training.segmenter.loop import Recipe
from maple_lib.training.segmenter.making import make_segmenter

_USUAL = Recipe()


def main(
    out: Annotated[Path, typer.Option(help="Folder to write; one that exists is replaced.")],
    phantoms: Annotated[int, typer.Option(help="Phantoms to draw and train on.")] = _USUAL.phantoms,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = _USUAL.seed,
    effort: Annotated[float, typer.Option(help="Share of the usual number of steps.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Processes that draw; the result does not change.")] = 1,
) -> None:
    """Train the anatomy segmenter on phantoms, on one thread, so that the result can be repeated."""
    import torch

    torch.set_num_threads(1)
    stages = tuple((size, max(1, round(steps * effort))) for size, steps in _USUAL.stages)
    horizon = max(2, round(_USUAL.horizon * effort))
    recipe = replace(_USUAL, phantoms=phantoms, seed=seed, stages=stages, horizon=horizon)
    typer.echo(f"Wrote {make_segmenter(out, recipe, workers)}")


if __name__ == "__main__":
    typer.run(main)
