"""What ``maple eval`` writes: the tidy table, the summary, and all that the numbers depend on."""

from __future__ import annotations

import dataclasses
import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.evaluation.result import Result

_PACKAGES = ("torch", "timm", "transformers", "numpy", "scipy", "scikit-learn", "pandas")


def facts_of(result: Result, method: Any, checkpoint: str, studies: dict[str, Any]) -> dict[str, Any]:
    """Everything that a number needs beside it: protocol, checkpoint, studies, versions, problems.

    Args:
        result: of the evaluation.
        method: that was scored, or None for the library's parser.
        checkpoint: as the command line named it.
        studies: facts about the scored studies.
    """
    return {
        "protocol": dataclasses.asdict(result.protocol),
        "method": result.method,
        "checkpoint": None if method is None else _checkpoint(method, checkpoint),
        "studies": studies,
        "seed": result.seed,
        "rows": len(result.table),
        "problems": {
            str(kind): int(count) for kind, count in result.problems["problem"].value_counts().items()
        },
        "versions": _versions(),
    }


def write_result(result: Result, facts: dict[str, Any], out: Path) -> list[Path]:
    """Write a result into a folder.

    The files are ``<protocol>.parquet`` (every scored thing), ``<protocol>_summary.csv``, ``<protocol>.json``
    (all that the numbers depend on) and, where there were any, ``<protocol>_problems.csv``.

    Returns:
        The files.

    Raises:
        MapleError: if the folder cannot be made or written to.
    """
    name = result.protocol.name
    try:
        out.mkdir(parents=True, exist_ok=True)
        files = [result.save(out / f"{name}.parquet"), out / f"{name}_summary.csv"]
        result.breakdown().to_csv(files[1], index=False)
        problems = out / f"{name}_problems.csv"
        problems.unlink(missing_ok=True)  # of an earlier run
        if len(result.problems):
            result.problems.to_csv(problems, index=False)
            files.append(problems)
        files.append(out / f"{name}.json")
        text = json.dumps(facts, indent=2, ensure_ascii=False, default=str)
        files[-1].write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise MapleError(out, f"cannot be written: {error}", "choose another --out") from None
    return files


def _checkpoint(method: Any, checkpoint: str) -> dict[str, Any]:
    from maple_lib.retrieval.manifest import fingerprint

    config = getattr(method, "config", None)
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        config = dataclasses.asdict(config)
    return {
        "given": checkpoint,
        "digest": fingerprint(method),
        "config": config,
    }


def _versions() -> dict[str, str]:
    from maple_lib import __version__

    found = {"maple_lib": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
