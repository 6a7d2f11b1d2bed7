"""From a configuration to a saved method: one call, resumable at any point."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.data.sources import load_studies
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.methods.base import Method
from maple_lib.methods.saving import read_method, save_method
from maple_lib.training.config import TrainConfig
from maple_lib.training.corpus import Recipe, build_corpus
from maple_lib.training.loop import run_stages

RUN_CONFIG, MODEL = "run.json", "model"


def train(config: TrainConfig, studies: Sequence[Study] | None = None, progress: bool = True) -> Method:
    """Train a method and save it as ``<out>/model``.

    A stopped run of the same configuration goes on; a finished one is read, not repeated.

    Args:
        config: see ``train_config(method, preset, **overrides)``.
        studies: train on these instead of ``config.source``.
        progress: show bars.

    Returns:
        The trained method, in eval mode.

    Raises:
        MapleError: if the folder holds a run of another configuration, nothing can be read, or a
            loss is not finite.
    """
    run = Path(config.out)
    _claim(run, config)
    if (run / MODEL).exists():
        return read_method(run / MODEL)
    if studies is None:
        studies = training_studies(config)
    side = -(-config.model.image_size // min(config.model.image_strides))
    recipe = Recipe(config.model.image_size, (side, side), config.triplets)
    corpus = build_corpus(studies, recipe, Path(config.cache), config.workers, progress)
    method = run_stages(config, corpus, run, progress)
    save_method(method, run / MODEL)
    return method


def training_studies(config: TrainConfig) -> Sequence[Study]:
    """The studies a configuration names."""
    if config.source == "phantom":
        return PhantomSequence(config.studies, config.seed, config.model.image_size, config.difficulty)
    return load_studies(config.source)


def _claim(run: Path, config: TrainConfig) -> None:
    path = run / RUN_CONFIG
    values = json.loads(json.dumps(config.to_dict()))
    if path.is_file():
        earlier = json.loads(path.read_text(encoding="utf-8"))["config"]
        changed = [k for k in values if earlier.get(k) != values[k]]
        if changed:
            raise MapleError(
                path,
                f"holds a run that differs in {', '.join(changed)}",
                "give another --out, or remove the folder to start again",
            )
        return
    run.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"config": values, "versions": versions()}, indent=1) + "\n", encoding="utf-8")


def versions() -> dict[str, Any]:
    """Versions that a result depends on."""
    names = ("maple-lab", "torch", "timm", "transformers", "accelerate", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
