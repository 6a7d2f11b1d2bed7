"""The trained checkpoints that come with the repository: where they lie, and whether they are whole."""

from __future__ import annotations

import hashlib
from pathlib import Path

from maple_lib.errors import MapleError
from maple_lib.methods.saving import CONFIG, WEIGHTS

PLACE = Path("data_samples", "checkpoints")
CHECKSUMS = "SHA256SUMS"


def find_shipped(name: str) -> Path:
    """The folder of a method's shipped checkpoint: beside the package, or in the working folder.

    Raises:
        MapleError: if it is in neither, or its weights are not those that ``SHA256SUMS`` names.
    """
    for root in (Path(__file__).resolve().parents[2], Path.cwd()):
        folder = root / PLACE / name
        if (folder / CONFIG).is_file():
            _check(folder)
            return folder
    raise MapleError(
        f"checkpoint {name!r}",
        f"no folder {(PLACE / name).as_posix()}",
        f"run in the repository, or make it: maple checkpoints --methods {name}",
    )


def checksums(text: str) -> dict[str, str]:
    """File -> SHA-256 digest, from the lines of a ``SHA256SUMS``."""
    pairs = (line.split(maxsplit=1) for line in text.splitlines() if line.strip())
    return {name.strip(): digest for digest, name in pairs}


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check(folder: Path) -> None:
    """A checkout may be cut short, or leave a pointer in a large file's place."""
    sums, weights = folder.parent / CHECKSUMS, folder / WEIGHTS
    if not (sums.is_file() and weights.is_file()):
        return
    known = checksums(sums.read_text(encoding="utf-8")).get(f"{folder.name}/{WEIGHTS}")
    if known is not None and known != file_digest(weights):
        raise MapleError(
            weights,
            f"its bytes are not those that {CHECKSUMS} names",
            f"check the folder out again, or make it: maple checkpoints --methods {folder.name}",
        )
