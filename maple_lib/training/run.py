"""From a configuration to a saved method: one call, resumable at any point."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from accelerate.state import AcceleratorState

from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.data.sources import load_studies
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.methods import method_class
from maple_lib.methods.base import Method
from maple_lib.methods.saving import read_method, save_method
from maple_lib.training.config import TrainConfig
from maple_lib.training.corpus import Corpus, Recipe, build_corpus
from maple_lib.training.denormals import without_denormals
from maple_lib.training.disk import write_whole, writing
from maple_lib.training.loop import BEST, Run, run_stages
from maple_lib.training.memory import keep_freed_memory
from maple_lib.training.splitting import split_studies

RUN_CONFIG, MODEL = "run.json", "model"
# Fields that may differ when a run is taken up again: they change no loss.
_FREE = {"root", "workers", "save_every", "keep", "trackers", "cache", "out"}
_OTHER_SEED = 500_000  # phantoms that are watched have another seed than those that are trained on


def train(
    config: TrainConfig,
    studies: Sequence[Study] | None = None,
    validation: Sequence[Study] | None = None,
    progress: bool = True,
    watch: Callable[[dict[str, Any]], None] | None = None,
) -> Method:
    """Train a method and save it as ``<out>/model``.

    A stopped run of the same configuration goes on; a finished one is read, not repeated.

    Args:
        config: see ``train_config(method, preset, **overrides)``.
        studies: train on these, all of them, instead of the training split of ``config.source``.
        validation: with ``studies``, the ones that are only watched; never an official test split.
        progress: show bars.
        watch: called with every row of the log, e.g. ``viz.LiveLosses()`` in a notebook.

    Returns:
        The trained method, in eval mode.

    Raises:
        MapleError: if the folder holds a run of another configuration, nothing can be read, or a
            loss is not finite.
    """
    folder = Path(config.out)
    method_class(config.model.method).read_options(config.model.options)  # before anything takes time
    accelerator = start_accelerator(config)
    if accelerator.device.type == "cpu":
        keep_freed_memory()
    if accelerator.is_main_process:
        _claim(folder, config)
    accelerator.wait_for_everyone()
    if (folder / MODEL).exists():
        return read_method(folder / MODEL)
    chosen, watched = (studies, validation) if studies is not None else training_studies(config)
    with accelerator.main_process_first():
        named = f"source {config.source!r}" if studies is None else "studies"
        corpus = _corpus(config, chosen, named, progress)
        held_out = None
        if watched is not None and config.validate_every:
            held_out = _corpus(config, watched, f"validation studies of {named}", progress)
    _check_shares(len(corpus), accelerator.num_processes)
    with without_denormals(accelerator.device):
        method = run_stages(Run(config, folder, accelerator, corpus, held_out, progress, watch))
    if accelerator.is_main_process:
        finished = read_method(folder / BEST) if (folder / BEST).exists() else method
        with writing(folder / MODEL, "the last checkpoint is kept"):
            save_method(finished, folder / MODEL)
    accelerator.wait_for_everyone()
    accelerator.end_training()
    return read_method(folder / MODEL)


def start_accelerator(config: TrainConfig) -> Accelerator:
    """The accelerator of a run: its device, processes, precision and trackers.

    Raises:
        MapleError: if this machine cannot do what the configuration asks, or a tracker is not installed.
    """
    # accelerate keeps the first precision of a process; a notebook may train twice.
    AcceleratorState._reset_state()
    try:
        accelerator = Accelerator(
            mixed_precision=config.precision,
            log_with=list(config.trackers) or None,
            project_dir=config.out,
        )
        if config.trackers:
            accelerator.init_trackers("tracking")
    except (ValueError, ImportError) as error:
        asked = f"precision={config.precision!r}, trackers={config.trackers!r}"
        raise MapleError(asked, str(error).splitlines()[0], "choose what this machine has") from error
    processes = accelerator.num_processes
    if config.batch_size < processes * config.accumulate:
        raise MapleError(
            f"batch_size={config.batch_size}",
            f"less than one study for each of {processes} processes x {config.accumulate} pieces",
            "batch_size counts all processes together: give a larger one",
        )
    return accelerator


def training_studies(config: TrainConfig) -> tuple[Sequence[Study], Sequence[Study] | None]:
    """The studies that a configuration trains on, and those it only watches.

    Raises:
        MapleError: if the source has no study to train on.
    """
    if config.source == "phantom":
        size, difficulty = config.model.image_size, config.difficulty
        watched = max(config.batch_size, config.studies // 10)
        return (
            PhantomSequence(config.studies, config.seed, size, difficulty),
            PhantomSequence(watched, config.seed + _OTHER_SEED, size, difficulty),
        )
    train, validate = split_studies(
        load_studies(config.source, **({"root": config.root} if config.root else {}))
    )
    if not len(train):
        raise MapleError(f"source {config.source!r}", "has no study to train on", "give its training split")
    return train, validate if len(validate) else None


def _corpus(config: TrainConfig, studies: Sequence[Study], named: str, progress: bool) -> Corpus:
    model = config.model
    side = -(-model.image_size // min(model.image_strides))
    recipe = Recipe(model.image_size, (side, side), config.triplets)
    return build_corpus(studies, recipe, Path(config.cache), config.workers, progress, named)


def _check_shares(studies: int, processes: int) -> None:
    """Every process encodes some images of each batch."""
    if studies < processes:
        raise MapleError(
            f"{studies} studies",
            f"fewer than the {processes} processes that share them",
            f"start at most {studies} processes (--num_processes), or give more studies",
        )


def _claim(run: Path, config: TrainConfig) -> None:
    path = run / RUN_CONFIG
    values = json.loads(json.dumps(config.to_dict()))
    if path.is_file():
        earlier = _earlier(path)
        changed = [k for k in values if k not in _FREE and earlier.get(k) != values[k]]
        if changed:
            raise MapleError(
                path,
                f"holds a run that differs in {', '.join(changed)}",
                "give another folder for the run, or remove this one to start again",
            )
        return
    with writing(path):
        run.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"config": values, "versions": versions()}, indent=1) + "\n")


def _earlier(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["config"]
        # A field that came later had its default then.
        usual = json.loads(json.dumps(TrainConfig().to_dict()))
        return usual | config | {"model": usual["model"] | config["model"]}
    except (ValueError, KeyError, TypeError):
        raise MapleError(
            path, "is damaged, or no run's", "remove it to go on with the configuration you give"
        ) from None


def versions() -> dict[str, Any]:
    """Versions that a result depends on."""
    names = ("maple-lab", "torch", "timm", "transformers", "accelerate", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
