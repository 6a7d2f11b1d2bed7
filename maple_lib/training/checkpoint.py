"""Checkpoints of a run: the method, the optimiser and the random state, in safetensors and JSON."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, load_model, save_file
from torch import Tensor, nn

from maple_lib.errors import MapleError
from maple_lib.methods.base import Method
from maple_lib.methods.saving import WEIGHTS, whole_folder, write_method

STATE, TASK, OPTIMISER = "state.json", "task.safetensors", "optimiser.safetensors"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run is: the stage's name and the number of finished steps in it."""

    stage: str
    step: int


def checkpoint_folder(run: Path) -> Path:
    """The folder of a run's latest checkpoint."""
    return run / "checkpoint"


def save_checkpoint(
    run: Path, method: Method, task: nn.Module, optimiser: torch.optim.Optimizer, at: Position
) -> None:
    """Write the latest checkpoint of a run, whole or not at all."""
    tensors, plain = _flatten(optimiser.state_dict())
    with whole_folder(checkpoint_folder(run)) as folder:
        write_method(method, folder)
        save_file({**_own(task), "rng": torch.get_rng_state()}, folder / TASK)
        save_file(tensors, folder / OPTIMISER)
        state = {"stage": at.stage, "step": at.step, "optimiser": plain}
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


def load_checkpoint(run: Path, method: Method, task: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    """Bring method, task, optimiser and random state to where the checkpoint stands."""
    folder = checkpoint_folder(run)
    try:
        load_model(method, str(folder / WEIGHTS))
        tensors = load_file(folder / TASK)
        torch.set_rng_state(tensors.pop("rng"))
        task.load_state_dict(tensors)
        plain = _read_state(folder / STATE)["optimiser"]
        optimiser.load_state_dict(_restore(load_file(folder / OPTIMISER), plain))
    except (SafetensorError, RuntimeError, KeyError, OSError) as error:
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


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {key: state[key] for key in ("stage", "step", "optimiser")}
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
