"""The checkpoints that come with the repository: every method trained at a preset, in one folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.methods import check_method, list_methods
from maple_lib.methods.card import CARD, METRICS, model_card
from maple_lib.methods.saving import CONFIG, TOKENIZER, WEIGHTS, read_method, whole_folder, write_method
from maple_lib.methods.shipped import CHECKSUMS, PLACE, file_digest
from maple_lib.training.config import TrainConfig, train_config
from maple_lib.training.gather import world
from maple_lib.training.log import read_log
from maple_lib.training.run import MODEL, RUN_CONFIG, train
from maple_lib.training.shipped_card import LICENCE, Shipped, data_card

RUNS = Path("runs", "checkpoints")
_FILES = (CARD, CONFIG, METRICS, WEIGHTS, RUN_CONFIG, TOKENIZER)
_LOCAL = ("cache", "out", "workers")  # of the machine, not of the result


@dataclass(frozen=True, slots=True)
class Order:
    """What to make.

    Attributes:
        preset: of training.
        half: store matrices in half precision, see ``write_method``.
        fields: of the configuration, by name; they win over the preset's.
    """

    preset: str = "laptop"
    half: bool = False
    fields: tuple[tuple[str, Any], ...] = ()

    def config(self, method: str, runs: Path) -> TrainConfig:
        """The configuration of one method's run."""
        return train_config(method, self.preset, **dict(self.fields), out=str(runs / method))

    def command(self) -> str:
        """The command that makes the same."""
        said = [f"--set {name}={_as_set(value)}" for name, value in self.fields if name not in _LOCAL]
        words = ["maple checkpoints", f"--preset {self.preset}", *(["--half"] if self.half else []), *said]
        return " ".join(words)


def make_checkpoints(
    out: Path = PLACE,
    methods: Sequence[str] | None = None,
    order: Order | None = None,
    runs: Path = RUNS,
    progress: bool = True,
) -> list[Path]:
    """Train methods and put them into a folder; other checkpoints that it holds stay.

    Each method's run is kept in ``runs/<method>``: one that was cut off goes on, a finished one is not
    repeated. Checkpoints appear one by one, each whole.

    Args:
        out: the folder of all checkpoints.
        methods: names; every method if None.
        order: what to make; the preset ``laptop`` in full precision if None.
        runs: folder of the runs.
        progress: show bars.

    Returns:
        The folders of the methods.

    Raises:
        MapleError: if a method is unknown, a run cannot be made, or ``out`` holds something else.
    """
    order = order or Order()
    names = list(dict.fromkeys(methods)) if methods else list_methods()
    configs = []
    for name in names:  # before anything takes time
        check_method(name)
        configs.append(order.config(name, runs))
    if out.exists() and not out.is_dir():
        raise MapleError(out, "a file, not a folder", "give a folder to write to")
    for config in configs:
        train(config, progress=progress)
        if world()[0] == 0:
            _ship(Path(config.out), out / config.model.method, order)
            write_data_card(out)
    return [out / name for name in names]


def write_data_card(out: Path) -> None:
    """Write ``README.md`` and ``SHA256SUMS`` for the checkpoints that a folder holds, as they are now."""
    folders = sorted(p.parent for p in out.glob(f"*/{CONFIG}") if not p.parent.name.startswith("."))
    _write(out / CARD, data_card([_shipped(folder) for folder in folders]))
    files = [f"{folder.name}/{name}" for folder in folders for name in _FILES if (folder / name).is_file()]
    _write(out / CHECKSUMS, "".join(f"{file_digest(out / name)}  {name}\n" for name in [CARD, *files]))


def _ship(run: Path, folder: Path, order: Order) -> None:
    """Copy a finished run's model, with what it was made from."""
    method = read_method(run / MODEL)
    metrics = _metrics(run / MODEL)
    with whole_folder(folder) as scratch:
        write_method(method, scratch, order.half)
        _write(scratch / CARD, model_card(method.config, metrics, LICENCE))
        if metrics:
            _write(scratch / METRICS, json.dumps(metrics, indent=1) + "\n")
        _write(scratch / RUN_CONFIG, json.dumps(_facts(run, order), indent=1) + "\n")


def _metrics(folder: Path) -> dict[str, Any]:
    path = folder / METRICS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _facts(run: Path, order: Order) -> dict[str, Any]:
    """What a run was made from, and what it took; nothing of the machine's folders."""
    values = json.loads((run / RUN_CONFIG).read_text(encoding="utf-8"))
    values["config"] = {k: v for k, v in values["config"].items() if k not in _LOCAL}
    rows = read_log(run)
    seconds = round(sum(row["seconds"] for row in rows), 1)
    made = {"command": order.command(), "half": order.half, "steps": len(rows), "seconds": seconds}
    return {**values, "made": made}


def _shipped(folder: Path) -> Shipped:
    """What a checkpoint of the folder says of itself.

    Raises:
        MapleError: if it was not made by this module, or is damaged.
    """
    from safetensors import safe_open

    path = folder / RUN_CONFIG
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))["made"]
        with safe_open(folder / WEIGHTS, framework="pt") as weights:
            sizes = [weights.get_tensor(key).numel() for key in weights.keys()]  # noqa: SIM118
    except (OSError, ValueError, KeyError) as error:
        remedy = "move it elsewhere, or make it: maple checkpoints"
        raise MapleError(folder, "holds no checkpoint of this folder's kind", remedy) from error
    size = sum((folder / name).stat().st_size for name in _FILES if (folder / name).is_file())
    return Shipped(folder.name, sum(sizes), size, facts["steps"], facts["seconds"], facts["command"])


def _as_set(value: Any) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
