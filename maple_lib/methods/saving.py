"""A trained method in a folder: config.json, model.safetensors, tokenizer.json; nothing is unpickled."""

from __future__ import annotations

import copy
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from maple_lib.errors import MapleError
from maple_lib.methods.card import CARD, model_card
from maple_lib.methods.config import MethodConfig

if TYPE_CHECKING:
    from maple_lib.methods.base import Method

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Write a folder beside its place and move it there when complete: all of it or nothing.

    Yields:
        An empty folder to write into. On an error it is removed and ``path`` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.parent / f".{path.name}-{secrets.token_hex(4)}"
    scratch.mkdir()
    try:
        yield scratch
        _readable(scratch)
        old = scratch.with_name(scratch.name + "-old")
        if path.exists():
            os.replace(path, old)
        os.replace(scratch, path)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _readable(folder: Path) -> None:
    """Give files the folder's permissions: some writers leave theirs closed to everybody else."""
    for path in folder.iterdir():
        path.chmod(folder.stat().st_mode & 0o666)


def write_method(method: Method, folder: Path, half: bool = False) -> None:
    """Write a method into an existing folder.

    Args:
        method: what to write.
        folder: where to.
        half: store matrices and kernels in half precision: half the bytes. Biases, norms and running
            statistics, which are small and may be tiny or large, stay as they are. Reading gives float32.

    Raises:
        MapleError: if a weight is too large for half precision.
    """
    from safetensors.torch import save_model

    save_model(_halved(method) if half else method, str(folder / WEIGHTS))
    method.text_encoder.tokenizer.save(folder / TOKENIZER)
    (folder / CONFIG).write_text(json.dumps(method.config.to_dict(), indent=1) + "\n", encoding="utf-8")
    (folder / CARD).write_text(model_card(method.config), encoding="utf-8")


def _halved(method: Method) -> Method:
    """A copy whose weights of two and more dimensions are in half precision."""
    copied = copy.deepcopy(method)
    for name, value in (*copied.named_parameters(), *copied.named_buffers()):
        if value.is_floating_point() and value.ndim > 1:
            value.data = value.data.half()
            if not value.isfinite().all():
                raise MapleError(f"weight {name}", "too large for half precision", "save it without half")
    return copied


def save_method(method: Method, path: str | Path, half: bool = False) -> Path:
    """Save a method to ``path``, whole or not at all; ``half`` as in ``write_method``."""
    with whole_folder(Path(path)) as folder:
        write_method(method, folder, half)
    return Path(path)


def read_method(path: str | Path) -> Method:
    """Load a method in eval mode from a folder.

    Raises:
        MapleError: if a file is missing, half-written or foreign; the message names it.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_model

    from maple_lib.encoders.tokens import load_tokenizer
    from maple_lib.methods import method_class

    folder = Path(path)
    config = read_config(folder)
    method = method_class(config.method)(config, load_tokenizer(folder / TOKENIZER, config.max_length))
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise MapleError(weights, "no such file", "train again: the checkpoint is incomplete")
    try:
        load_model(method, str(weights))
    except SafetensorError as error:
        raise MapleError(
            weights, "is half-written or no safetensors file", "use another checkpoint"
        ) from error
    except RuntimeError as error:
        raise MapleError(
            weights, "does not fit its config.json", "use the pair that was saved together"
        ) from error
    return method.eval()


def read_config(folder: Path) -> MethodConfig:
    """The configuration of a checkpoint; its weights come from the checkpoint, not from elsewhere."""
    path = folder / CONFIG
    if not path.is_file():
        raise MapleError(folder, f"holds no {CONFIG}", "give a checkpoint folder; `maple train` writes one")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MapleError(path, "is not valid JSON", "use another checkpoint") from error
    return MethodConfig.from_dict({**values, "pretrained": False})
