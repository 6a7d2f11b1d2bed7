"""Which studies ``maple eval`` scores, and which an evaluator may learn from: never the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maple_lib.data.rows import SPLITS
from maple_lib.data.sources import load_studies
from maple_lib.data.study import Study
from maple_lib.data.study_list import StudyList
from maple_lib.errors import MapleError
from maple_lib.evaluation.protocols import Protocol

_PHANTOMS, _VALIDATION = 200, 100
_LEARN = {"train_studies": "train", "validation_studies": "validate"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; see the options of ``maple eval``."""

    source: str
    n: int | None
    seed: int
    difficulty: str | None
    train_n: int
    root: Path | None = None
    split: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Studies to score, what else the evaluator is called with, and facts that go with the numbers."""

    scored: Sequence[Study]
    options: dict[str, Any]
    facts: dict[str, Any]


def choose_studies(asked: Asked, protocol: Protocol, score: Callable[..., Any], size: int) -> Chosen:
    """Draw or read the studies.

    Args:
        asked: what the command line asks for.
        protocol: its ``difficulty``, where it has one, is that of the phantoms.
        score: the evaluator; only options that its signature names are given to it.
        size: pixels along one edge of phantoms.

    Raises:
        MapleError: for an impossible choice, a source without studies, or a task that must learn from
            studies where no split leaves it any.
    """
    if (asked.n is not None and asked.n < 1) or asked.train_n < 0:
        raise MapleError(
            f"--n {asked.n} --train-n {asked.train_n}", "out of range", "give at least one study"
        )
    takes = inspect.signature(score).parameters
    if asked.source == "phantom":
        scored, learn, facts = _phantoms(asked, protocol, [name for name in _LEARN if name in takes], size)
    else:
        scored, learn, facts = _read(asked, [name for name in _LEARN if name in takes])
    if not len(scored):
        raise MapleError(f"source {asked.source!r}", "no study to score", "check --split, --n and the source")
    for name, studies in learn.items():
        if takes[name].default is inspect.Parameter.empty and not len(studies):
            raise MapleError(
                f"protocol {protocol.name!r}",
                f"it learns from {name.replace('_', ' ')}, and there are none",
                "give --split test on a source that has splits, or --train-n with phantoms",
            )
    options: dict[str, Any] = {name: studies for name, studies in learn.items() if len(studies)}
    if "seed" in takes:
        options["seed"] = asked.seed
    counts = {name: len(studies) for name, studies in learn.items()}
    return Chosen(scored, options, {"source": asked.source, "n": len(scored), **facts, **counts})


def _phantoms(
    asked: Asked, protocol: Protocol, learn: Sequence[str], size: int
) -> tuple[Sequence[Study], dict[str, Sequence[Study]], dict[str, Any]]:
    if asked.split or asked.root:
        raise MapleError("source 'phantom'", "has neither splits nor a root", "leave out --split and --root")
    difficulty = asked.difficulty or getattr(protocol, "difficulty", None) or "easy"
    own = {"size": size, "difficulty": difficulty, **asked.settings}
    scored = load_studies("phantom", **{"n": asked.n or _PHANTOMS, "seed": asked.seed, **own})
    sizes = {"train_studies": asked.train_n, "validation_studies": min(asked.train_n, _VALIDATION)}
    others = {
        name: load_studies("phantom", **{"n": sizes[name], "seed": asked.seed + place, **own})
        for place, name in enumerate(_LEARN, 1)
        if name in learn
    }
    return scored, others, {"seed": asked.seed, "difficulty": difficulty, "settings": dict(asked.settings)}


def _read(
    asked: Asked, learn: Sequence[str]
) -> tuple[Sequence[Study], dict[str, Sequence[Study]], dict[str, Any]]:
    if asked.difficulty:
        raise MapleError(f"source {asked.source!r}", "has no difficulty", "leave out --difficulty")
    root = {} if asked.root is None else {"root": asked.root}
    studies = load_studies(asked.source, **root, **asked.settings)
    facts = {"root": asked.root and str(asked.root), "split": asked.split, "settings": dict(asked.settings)}
    if asked.split is None:
        return studies[: asked.n], dict.fromkeys(learn, ()), facts
    if asked.split not in SPLITS:
        raise MapleError(f"--split {asked.split}", "unknown", f"use one of: {', '.join(SPLITS)}")
    by_split: dict[str | None, list[Study]] = {}
    for study in studies:
        by_split.setdefault(study.split, []).append(study)
    failures: Sequence[MapleError] = getattr(studies, "failures", ())
    scored = StudyList(by_split.get(asked.split, [])[: asked.n], failures)
    others: dict[str, Sequence[Study]] = {
        name: by_split.get(split, []) if split != asked.split else ()
        for name, split in _LEARN.items()
        if name in learn
    }
    return scored, others, facts
