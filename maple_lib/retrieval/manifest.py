"""What an index says of itself: by which model it was made, what it holds, and how to know it is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.retrieval.rows import checksum

FORMAT, VERSION, FILE = "maple-case-index", 2, "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of an index.

    Attributes:
        method: name of the method that embedded the cases.
        digest: of its configuration and its weights; a query must come from the same.
        dim: D of the embeddings of whole images and reports.
        region_dim: K of what a search by region compares; 0 where there are no regions.
        cases: number of cases.
        regions: region -> number of cases that show it.
        files: file name -> SHA-256.
        format, version: of the index itself.
    """

    method: str
    digest: str
    dim: int
    region_dim: int
    cases: int
    regions: Mapping[str, int]
    files: Mapping[str, str]
    format: str = FORMAT
    version: int = VERSION

    def write(self, folder: Path) -> None:
        """Write the manifest into a folder."""
        text = json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")

    def check(self, folder: Path) -> None:
        """Compare every file with its checksum.

        Raises:
            MapleError: naming the first file that is missing or differs.
        """
        for name, wanted in self.files.items():
            if checksum(folder / name) != wanted:
                raise MapleError(folder / name, "differs from what was written", "build the index again")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an index.

    Raises:
        MapleError: if the folder is no index, or one that this version cannot read.
    """
    try:
        entries = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise MapleError(
            folder, "not a case index (no readable manifest.json)", "use CaseIndex.build"
        ) from None
    if not isinstance(entries, dict) or entries.get("format") != FORMAT:
        raise MapleError(folder, "not a case index", "give a folder that CaseIndex.build wrote")
    if entries.get("version") != VERSION or set(entries) != {f.name for f in fields(Manifest)}:
        raise MapleError(folder, "a case index of another version", "build it again with this one")
    # Names come from a file: they must stay inside the folder.
    if any(Path(name).name != name for name in entries["files"]):
        raise MapleError(folder, "its manifest names files elsewhere", "build the index again")
    return Manifest(**entries)


def fingerprint(method: Any) -> str:
    """Digest of a method's configuration and weights: equal only when its embeddings are."""
    import torch

    digest = hashlib.sha256(type(method).__name__.encode())
    config = getattr(method, "config", None)
    if config is not None and hasattr(config, "to_dict"):
        digest.update(json.dumps(config.to_dict(), sort_keys=True, default=str).encode())
    for name, tensor in sorted(method.state_dict().items()) if hasattr(method, "state_dict") else ():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
