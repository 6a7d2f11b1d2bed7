"""The named protocols of ``protocols.yaml``, typed: a number without its protocol is not a result."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

from maple_lib.errors import MapleError
from maple_lib.evaluation.grounding.overlap import NORMALISATIONS, Normalisation
from maple_lib.evaluation.tasks import protocol_class


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What a number depends on.

    Attributes:
        name: its name in ``protocols.yaml``.
        version: raised whenever a number could change.
        task: what is evaluated; ``maple_lib.evaluation.tasks.TASKS`` lists them.
        description: in a sentence or two.
        source: paper or project whose habit it follows.
    """

    name: str
    version: int
    task: str
    description: str
    source: str

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundingProtocol(Protocol):
    """How heat maps are made and scored.

    Attributes:
        truth: ``"lesions"`` (exact masks of phantoms) or ``"boxes"`` (phrases with boxes, outlines, masks).
        sigma: of the Gaussian on the patch grid, in patches.
        interpolation: from the patch grid to the image.
        thresholds: of the mean IoU.
        headline: the normalisation whose mean IoU is quoted first.
        location_free: whether phrases without a place are asked too.
        bootstrap: number of resamples of the 95 % intervals.
        difficulty: of the phantoms, None for other data.
        phrasing: of drawn places: ``"given"`` asks the phrase as it is and reads the place it names,
            ``"sentence"`` makes a sentence of a dataset's label: "There is a nodule."
        sizes: shares of the image's pixels from which a truth counts as medium and as large.
    """

    truth: Literal["lesions", "boxes"]
    sigma: float
    interpolation: Literal["nearest", "bilinear"]
    thresholds: tuple[float, ...]
    headline: Normalisation
    location_free: bool
    bootstrap: int
    difficulty: str | None = None
    phrasing: Literal["given", "sentence"] = "given"
    sizes: tuple[float, float] = (0.01, 0.05)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalProtocol(Protocol):
    """Image and text find each other: ``ks`` of R@K, and whether equal texts count as right.

    ``regions`` says whether the image is encoded with its anatomy.
    """

    ks: tuple[int, ...]
    dedupe: bool
    bootstrap: int
    regions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRetrievalProtocol(Protocol):
    """Search by region: ``ks``, how many cases a region needs before it is scored, and ``directions``.

    A direction is ``"image->text"``: what asks, and what answers.
    """

    ks: tuple[int, ...]
    minimum_cases: int
    bootstrap: int
    directions: tuple[str, ...] = ("image->image",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsingProtocol(Protocol):
    """Triplets of reports."""


def protocol(name: str) -> Protocol:
    """A protocol by name.

    Raises:
        MapleError: if there is none of that name; the message lists them.
    """
    known = _read()
    if name not in known:
        raise MapleError(f"protocol {name!r}", "unknown", f"choose one of: {', '.join(known)}")
    return known[name]


def list_protocols() -> tuple[str, ...]:
    """The names of all protocols."""
    return tuple(_read())


@lru_cache(maxsize=1)
def _read() -> dict[str, Protocol]:
    import yaml

    text = (files("maple_lib.evaluation") / "protocols.yaml").read_text(encoding="utf-8")
    return {name: build_protocol(name, entry) for name, entry in yaml.safe_load(text).items()}


def build_protocol(name: str, entry: dict[str, Any]) -> Protocol:
    """A protocol from its entry: lists become tuples, every field is checked.

    Raises:
        MapleError: for an unknown task, a missing, unknown or impossible field.
    """
    kind = protocol_class(name, entry.get("task", ""))
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    unknown = set(values) - {f.name for f in fields(kind)}
    if unknown:
        raise MapleError(f"protocol {name!r}", f"unknown fields {sorted(unknown)}", "remove or rename them")
    if values.get("headline", "clamp") not in NORMALISATIONS:
        raise MapleError(
            f"protocol {name!r}", f"headline={values['headline']!r}", f"use {', '.join(NORMALISATIONS)}"
        )
    try:
        built: Protocol = kind(name=name, **values)
    except TypeError as error:
        raise MapleError(f"protocol {name!r}", f"incomplete: {error}", "add the missing fields") from None
    return built
