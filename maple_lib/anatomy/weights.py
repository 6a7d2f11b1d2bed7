"""The segmenter's folder: what it holds, where it is found, and whether it is whole; nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from torch import Tensor

CONFIG, WEIGHTS, ATLAS, CARD, CHECKSUMS = (
    "config.json",
    "model.safetensors",
    "atlas.safetensors",
    "README.md",
    "SHA256SUMS",
)
_REMEDY = "check the folder out again, or make it: python -m maple_lib.training.segmenter --out FOLDER"


def find_segmenter() -> Path:
    """``data_samples/segmenter`` beside the package, or in the working folder.

    Raises:
        MapleError: if it is in neither, as when only the package was installed.
    """
    for place in (Path(__file__).resolve().parents[2], Path.cwd()):
        folder = place / "data_samples" / "segmenter"
        if (folder / CONFIG).is_file():
            return folder
    raise MapleError("segmenter", "no folder data_samples/segmenter", f"run in the repository, or {_REMEDY}")


def read_config(folder: Path) -> dict[str, Any]:
    """The values of config.json.

    Raises:
        MapleError: if it is missing or damaged.
    """
    content = _bytes(folder / CONFIG)
    try:
        values: dict[str, Any] = json.loads(content)
        _ = values["network"], values["calibration"], values["atlas"], values["sha256"]
    except (ValueError, KeyError, TypeError):
        raise MapleError(folder / CONFIG, "damaged", _REMEDY) from None
    return values


def read_tensors(folder: Path, name: str, digest: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file.

    Args:
        folder: where the file lies.
        name: ``WEIGHTS`` or ``ATLAS``.
        digest: the SHA-256 that config.json gives for it.

    Raises:
        MapleError: if the file is missing or has other bytes.
    """
    from safetensors.torch import load

    content = _bytes(folder / name)
    if hashlib.sha256(content).hexdigest() != digest:
        raise MapleError(folder / name, f"its bytes are not those that {CONFIG} names", _REMEDY)
    tensors: dict[str, Tensor] = load(content)
    return tensors


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise MapleError(path, "no such file", _REMEDY) from None
