"""Ablations: what is left of a method without a term, without anatomy, with worse data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from maple_lib.errors import MapleError
from maple_lib.leaderboard.changes import NoisyMasks, OthersMasks, PlacesKept, WholeImageMasks
from maple_lib.leaderboard.entry import Entry

TERMS = ("global", "region_sentence", "tags", "soft_labels")  # of ASG
JITTER = (0, 2, 4, 8)
SHARES = (100, 50, 10)


@dataclass(frozen=True, slots=True)
class Ablation:
    """A question, and the entries that answer it.

    Attributes:
        question: in a sentence.
        method: on which it is asked if nothing else is said.
        entries: of a method.
        only: True where the question makes sense for that method alone.
    """

    question: str
    method: str
    entries: Callable[[str], list[Entry]]
    only: bool = False


def _terms(method: str) -> list[Entry]:
    without = [Entry(f"without {term}", method, {"weights": {term: 0.0}}) for term in TERMS]
    return [Entry("all four terms", method), *without]


def _anatomy(method: str) -> list[Entry]:
    return [
        Entry("own masks", method),
        Entry("whole-image masks", method, change=WholeImageMasks()),
        Entry("another patient's masks", method, change=OthersMasks()),
    ]


def _triplets(method: str) -> list[Entry]:
    return [Entry(f"{source} triplets", method, {"triplets": source}) for source in ("given", "parsed")]


def _mask_noise(method: str) -> list[Entry]:
    return [Entry(f"masks off by {p} px", method, change=NoisyMasks(p) if p else None) for p in JITTER]


def _report_share(method: str) -> list[Entry]:
    given = {"triplets": "given"}
    return [
        Entry(f"places in {percent} %", method, given, PlacesKept(percent / 100) if percent < 100 else None)
        for percent in SHARES
    ]


ABLATIONS = {
    "asg_terms": Ablation("What does each of ASG's four terms give?", "asg", _terms, only=True),
    "anatomy": Ablation("Does it matter that the anatomy is the patient's own?", "maple_joint", _anatomy),
    "triplets": Ablation("What is lost by parsing reports?", "maple_joint", _triplets),
    "mask_noise": Ablation("How exact must region masks be?", "maple_joint", _mask_noise),
    "report_share": Ablation("How many reports must name places?", "maple_joint", _report_share),
}


def list_ablations() -> list[str]:
    """Names of all ablations."""
    return list(ABLATIONS)


def ablation_entries(name: str, method: str | None = None) -> list[Entry]:
    """The entries of an ablation.

    Args:
        name: one of ``list_ablations()``.
        method: asked on this method instead of the ablation's own.

    Raises:
        MapleError: if there is no such ablation, or it is about another method's terms.
    """
    if name not in ABLATIONS:
        raise MapleError(f"ablation {name!r}", "unknown", f"use one of: {', '.join(ABLATIONS)}")
    found = ABLATIONS[name]
    if found.only and method not in (None, found.method):
        raise MapleError(
            f"ablation {name!r}", f"is not about {method}", f"leave the method at {found.method}"
        )
    return found.entries(method or found.method)
