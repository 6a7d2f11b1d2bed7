"""``maple demo``: the whole walk in minutes, from a report to a trained model and a page that shows it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from maple_lib.cli.demo_page import demo_page
from maple_lib.cli.demo_search import find_cases, ground_phrases
from maple_lib.cli.demo_steps import Walk, read_reports, train_model

HELD_OUT = 200


def run_demo(
    out: str | Path = "demo",
    preset: str = "tiny",
    seed: int = 0,
    progress: bool = True,
    held_out: int = HELD_OUT,
    **settings: Any,
) -> Path:
    """Parse, train, ground, retrieve, and write a page about it.

    Args:
        out: folder of the page, its pictures, ``results.json``, the run and the index. A finished run of the
            same settings is not trained again.
        preset: of the method and its training.
        seed: of weights and training phantoms; the held-out phantoms have another.
        progress: print what is being done, with bars.
        held_out: number of held-out phantoms.
        **settings: any field of training or model, e.g. ``steps=100``.

    Returns:
        The path of ``index.html``.

    Raises:
        MapleError: if the folder holds a run of other settings.
    """
    folder = Path(out)
    walk = Walk(folder, preset, seed, held_out, progress)
    clock = _Clock(progress)
    with clock.step("Reading reports", "reading"):
        reading = read_reports(walk)
    with clock.step("Training: two warm starts, then alignment", "training"):
        trained = train_model(walk, settings)
    with clock.step(f"Grounding phrases in {held_out} held-out phantoms", "grounding"):
        grounding = ground_phrases(walk, trained)
    with clock.step("Finding cases by one region", "retrieval"):
        found = find_cases(walk, trained, grounding.held_out)
    parts = [step.results for step in (reading, trained, grounding, found)]
    results = {"seed": seed, "held_out": held_out, "seconds": clock.seconds} | {
        k: v for part in parts for k, v in part.items()
    }
    text = json.dumps(_plain(results), indent=1, allow_nan=False)
    (folder / "results.json").write_text(text + "\n", encoding="utf-8")
    return demo_page(results, reading, trained, grounding, found).write(folder / "index.html")


class _Clock:
    """Says what is being done, and keeps how long it took."""

    def __init__(self, progress: bool) -> None:
        self.progress, self.seconds = progress, dict[str, float]()

    @contextmanager
    def step(self, words: str, name: str) -> Iterator[None]:
        start = time.perf_counter()
        if self.progress:
            typer.echo(f"{len(self.seconds) + 1}/4  {words} ...")
        yield
        self.seconds[name] = round(time.perf_counter() - start, 1)
        if self.progress:
            typer.echo(f"     {self.seconds[name]:.0f} s")


def _plain(value: Any) -> Any:
    """JSON knows no NaN: what is undefined becomes null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
