"""Checkpoints of a run: the method, the optimiser and the random state, in safetensors and JSON."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file
from torch import Tensor, nn

from maple_lib.errors import MapleError
from maple_lib.methods.base import Method
from maple_lib.methods.saving import WEIGHTS, whole_folder, write_method
from maple_lib.training.average import MovingAverage
from maple_lib.training.random_state import RandomState
from maple_lib.training.validation import Best

STATE, TASK, OPTIMISER, AVERAGE = (
    "state.json",
    "task.safetensors",
    "optimiser.safetensors",
    "average.safetensors",
)
_FIELDS = ("stage", "step", "optimiser")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run is: the stage's name and the number of finished steps in it."""

    stage: str
    step: int


@dataclass(frozen=True, slots=True)
class Training:
    """All that changes while a stage runs.

    Attributes:
        method: the model.
        task: the stage's own layers.
        optimiser: with its moments.
        scaler: of the gradients in fp16, or None.
        average: the moving average of the weights, or None.
        best: the best validation so far.
    """

    method: Method
    task: nn.Module
    optimiser: torch.optim.Optimizer
    scaler: Any = None
    average: MovingAverage | None = None
    best: Best = field(default_factory=Best)


def checkpoint_folder(run: Path) -> Path:
    """The folder of a run's latest checkpoint."""
    return run / "checkpoint"


def save_checkpoint(run: Path, training: Training, at: Position, keep: int = 1) -> None:
    """Write the latest checkpoint of a run, whole or not at all; ``keep - 1`` older ones stay."""
    tensors, plain = _flatten(training.optimiser.state_dict())
    state = {"stage": at.stage, "step": at.step, "optimiser": plain, "best": asdict(training.best)}
    if training.scaler is not None:
        state["scaler"] = training.scaler.state_dict()
    _set_aside(run, keep)
    with whole_folder(checkpoint_folder(run)) as folder:
        write_method(training.method, folder)
        save_file({**_own(training.task), **_random()}, folder / TASK)
        save_file(tensors, folder / OPTIMISER)
        if training.average:
            save_file(training.average.values, folder / AVERAGE)
        (folder / STATE).write_text(json.dumps(state) + "\n", encoding="utf-8")


def read_position(run: Path) -> Position | None:
    """Where the run's checkpoint stands; None where there is none.

    Raises:
        MapleError: if the checkpoint is foreign or damaged.
    """
    path = checkpoint_folder(run) / STATE
    if not checkpoint_folder(run).exists():
        return None
    state = _read_state(path)
    return Position(state["stage"], int(state["step"]))


def load_checkpoint(run: Path, training: Training) -> None:
    """Bring a stage to where the run's checkpoint stands."""
    folder = checkpoint_folder(run)
    try:
        load_model(training.method, str(folder / WEIGHTS))
        tensors = load_file(folder / TASK)
        RandomState(tensors.pop("rng"), tensors.pop("rng_gpu", None)).restore()
        training.task.load_state_dict(tensors)
        state = _read_state(folder / STATE)
        training.optimiser.load_state_dict(_restore(load_file(folder / OPTIMISER), state["optimiser"]))
        training.best.copy(Best(**state["best"]))
        if training.average:
            training.average.load(load_file(folder / AVERAGE))
        if training.scaler is not None:
            training.scaler.load_state_dict(state["scaler"])
    except (SafetensorError, RuntimeError, KeyError, OSError, TypeError) as error:
        raise MapleError(
            folder, f"cannot be resumed ({type(error).__name__})", f"remove {folder.name} and start again"
        ) from error


def drop_leftovers(run: Path) -> None:
    """Remove what a killed process left half-written; complete checkpoints stay."""
    latest = checkpoint_folder(run)
    for old in run.glob(f".{latest.name}-*-old"):
        if not latest.exists():
            old.rename(latest)
    for scratch in run.glob(f".{latest.name}-*"):
        shutil.rmtree(scratch, ignore_errors=True)


def _set_aside(run: Path, keep: int) -> None:
    """Copy the latest checkpoint under its position's name, and drop the oldest copies."""
    at = read_position(run) if keep > 1 else None
    if at:
        name = f"checkpoint-{at.stage}-{at.step:07d}"
        if not (run / name).exists():
            with whole_folder(run / name) as folder:
                shutil.copytree(checkpoint_folder(run), folder, dirs_exist_ok=True)
    copies = sorted(run.glob("checkpoint-*-*"), key=lambda path: path.stat().st_mtime)
    for old in copies[: max(0, len(copies) - keep + 1)]:
        shutil.rmtree(old, ignore_errors=True)


def _random() -> dict[str, Tensor]:
    state = RandomState.now()
    return {"rng": state.cpu} | ({} if state.gpu is None else {"rng_gpu": state.gpu})


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = [state[key] for key in _FIELDS]
        return state
    except (OSError, ValueError, KeyError) as error:
        raise MapleError(
            path, "is no complete checkpoint", f"remove {path.parent} and start again"
        ) from error


def _own(task: nn.Module) -> dict[str, Tensor]:
    return {k: v.contiguous() for k, v in task.state_dict().items()}


def _flatten(state: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    tensors = {
        f"{index}.{name}": value.contiguous()
        for index, values in state["state"].items()
        for name, value in values.items()
    }
    return tensors, {"param_groups": state["param_groups"]}


def _restore(tensors: dict[str, Tensor], plain: dict[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    return {"state": state, "param_groups": plain["param_groups"]}
