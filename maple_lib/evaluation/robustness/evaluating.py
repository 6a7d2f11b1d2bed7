"""Robustness of a method on studies: all conditions of a protocol, or those that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.problems import Problems, list_studies
from maple_lib.evaluation.protocols import GroundingProtocol
from maple_lib.evaluation.protocols import protocol as named_protocol
from maple_lib.evaluation.queries import GroundingQuery, build_queries
from maple_lib.evaluation.robustness.cases import side_cases
from maple_lib.evaluation.robustness.flipped import FLIP, FlipProbe
from maple_lib.evaluation.robustness.images import ImageProbe
from maple_lib.evaluation.robustness.lateral import LateralityProbe
from maple_lib.evaluation.robustness.negating import NegationProbe
from maple_lib.evaluation.robustness.outcome import RobustnessResult
from maple_lib.evaluation.robustness.perturbation import KINDS, perturbation
from maple_lib.evaluation.robustness.protocol import RobustnessProtocol
from maple_lib.evaluation.robustness.rewording import RewordingProbe
from maple_lib.evaluation.robustness.scene import Probe, walk
from maple_lib.methods.inference import method_name

if TYPE_CHECKING:
    import pandas as pd

WORDS = ("laterality", "negation", "rewording")


def evaluate_robustness(
    method: Any,
    studies: Sequence[Study],
    protocol: RobustnessProtocol | str = "robustness_phantom",
    conditions: Sequence[str] | None = None,
    seed: int = 0,
    batch_size: int = 32,
) -> RobustnessResult:
    """Change images and words, and see what becomes of the maps and scores.

    Args:
        method: anything that speaks the interface of a method.
        studies: held-out studies with lesions (phantoms) or phrases with boxes.
        protocol: a robustness protocol or its name.
        conditions: names of some conditions, also with other numbers than the protocol's; None for all.
        seed: of the noise and of the bootstrap.
        batch_size: taken because every evaluation takes it; images go through in blocks of one size, each
            once per condition, and no more pixels are held.

    Returns:
        One row per query, condition and metric, with its value and its value unperturbed; in ``.problems``
        the images that cannot be read and the places and maps that are odd.

    Raises:
        MapleError: for an unknown condition, a protocol of another task, or studies that hold no case of
            any of the conditions, or of which no image can be read.
    """
    import pandas as pd

    problems = Problems()
    settings, known = _settings(protocol), list_studies(studies, problems)
    names = _names(settings.conditions if conditions is None else conditions)
    probes, unasked = _probes(known, settings, names, seed)
    if not probes:
        raise MapleError(
            f"{len(known)} studies",
            f"no case for {', '.join(unasked)}",
            "give studies with lesions or phrases, for laterality and flip some that lie on one side only",
        )
    frames = list(walk(method, known, probes, problems))
    if not frames:
        raise MapleError(
            f"{len(known)} studies", f"no image with a case can be read: {_last(problems)}", "mend the files"
        )
    table = _ordered(pd.concat(frames, ignore_index=True), names)
    name = method_name(method)
    return RobustnessResult(settings, name, table, seed, unasked, problems=problems.table())


def laterality(
    method: Any, studies: Sequence[Study], protocol: RobustnessProtocol | str = "robustness_phantom"
) -> pd.DataFrame:
    """Do ungated maps of "left X" and "right X" peak on the named side? Unilateral cases only.

    Returns:
        Three rows per case, told apart by ``metric``: asked for the side of the lesion, asked for the
        other side, and ``"laterality"``, the mean of both; ``value`` in [0, 1], chance .5.

    Raises:
        MapleError: if the studies hold no unilateral case.
    """
    return evaluate_robustness(method, studies, protocol, ("laterality",)).table


def negation(
    method: Any, studies: Sequence[Study], protocol: RobustnessProtocol | str = "robustness_phantom"
) -> pd.DataFrame:
    """Does "no X" score below "X" where X is seen, and above it where X is not? A tie is neither.

    Returns:
        A row per study and finding, told apart by ``metric``: ``"negation"`` on images with the finding,
        ``"negation, absent"`` on images without, ``"negation in the lesion"`` by the map inside the lesion
        (``value``: share of the templates, chance .5); and ``"similarity in the lesion"``, of the denial
        (``value``) and of the statement (``unperturbed``).

    Raises:
        MapleError: if the studies show no finding.
    """
    return evaluate_robustness(method, studies, protocol, ("negation",)).table


def _ordered(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Rows by condition and metric, then in the order of the studies, not of the blocks."""
    ranks = table["condition"].map({name: rank for rank, name in enumerate(names)})
    keys = [table["metric"].factorize()[0], ranks.to_numpy()]
    return table.iloc[np.lexsort(keys)].reset_index(drop=True)


def _last(problems: Problems) -> str:
    return str(problems.table()["detail"].iloc[-1])


def _settings(protocol: RobustnessProtocol | str) -> RobustnessProtocol:
    settings = named_protocol(protocol) if isinstance(protocol, str) else protocol
    if not isinstance(settings, RobustnessProtocol):
        raise MapleError(f"protocol {settings.name!r}", f"its task is {settings.task}", "use evaluate()")
    return settings


def _names(conditions: Sequence[str]) -> tuple[str, ...]:
    """The conditions, each once."""
    names = dict.fromkeys((conditions,) if isinstance(conditions, str) else conditions)
    if not names:
        raise MapleError("conditions", "none given", "leave them out to get all")
    for name in names:
        if name not in WORDS:
            _check(name)
    return tuple(names)


def _check(name: str) -> None:
    try:
        perturbation(name)
    except MapleError as error:
        known = ", ".join((*WORDS, *KINDS))
        raise MapleError(f"condition {name!r}", str(error), f"use one of: {known}") from None


def _probes(
    studies: Sequence[Study], settings: RobustnessProtocol, names: Sequence[str], seed: int
) -> tuple[list[Probe], tuple[str, ...]]:
    """What will be asked, and the conditions for which there is nothing to ask."""
    maps = settings.maps
    queries = [] if set(names) == {"negation"} else _placed(studies, maps)
    images = tuple(name for name in names if name not in WORDS and name != FLIP)
    cases = side_cases(queries)
    makers: dict[tuple[str, ...], Callable[[], Probe]] = {
        images: lambda: ImageProbe(queries, images, maps, seed),
        (FLIP,): lambda: FlipProbe(cases, maps),
        ("laterality",): lambda: LateralityProbe(cases, maps),
        ("negation",): lambda: NegationProbe.of(studies, exact=maps.truth == "lesions"),
        ("rewording",): lambda: RewordingProbe.of(queries, maps),
    }
    made = {asked: make() for asked, make in makers.items() if asked and set(asked) <= set(names)}
    unasked = [name for asked, probe in made.items() if not probe.texts for name in asked]
    return [probe for probe in made.values() if probe.texts], tuple(unasked)


def _placed(studies: Sequence[Study], maps: GroundingProtocol) -> list[GroundingQuery]:
    """Phrases with a place; of boxes all phrases, since each has its own. None where there is nothing."""
    if not any(study.lesions if maps.truth == "lesions" else study.phrases for study in studies):
        return []
    queries = build_queries(studies, maps)
    return [query for query in queries if maps.truth == "boxes" or not query.location_free]
