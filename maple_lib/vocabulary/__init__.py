"""Regions and findings of chest radiographs (and of cardiac CT) as data files with a small typed API.

``REGIONS`` are the 29 of Chest ImaGenome in its order and spelling; ``FINDINGS`` begin with ASG's 40 in
the paper's order. ``ASG_REGIONS`` is this project's declared subset of 23 (the paper does not name its own):
it leaves out svc, cavoatrial junction and right atrium, which only tips of devices visit, the two clavicles,
and the upper mediastinum, which lies in the mediastinum.
"""

from __future__ import annotations

from maple_lib.errors import MapleError
from maple_lib.vocabulary.loading import load_vocabulary
from maple_lib.vocabulary.types import Finding, Place, Region, Side, Vocabulary

_CHEST = load_vocabulary()

REGIONS: tuple[str, ...] = tuple(_CHEST.regions)
FINDINGS: tuple[str, ...] = tuple(_CHEST.findings)
ASG_FINDINGS: tuple[str, ...] = tuple(name for name, each in _CHEST.findings.items() if each.asg is not None)
ASG_REGIONS: tuple[str, ...] = _CHEST.asg_regions

__all__ = [
    "ASG_FINDINGS",
    "ASG_REGIONS",
    "FINDINGS",
    "REGIONS",
    "Finding",
    "Place",
    "Region",
    "Side",
    "Vocabulary",
    "finding",
    "load_vocabulary",
    "mirror",
    "region",
]


def region(name: str) -> Region:
    """The region of that name.

    Raises:
        MapleError: if there is none; the message lists those there are.
    """
    if name not in _CHEST.regions:
        raise MapleError(f"region {name!r}", "not one of the 29 regions", f"known: {', '.join(REGIONS)}")
    return _CHEST.regions[name]


def finding(name: str) -> Finding:
    """The finding of that name.

    Raises:
        MapleError: if there is none; the message lists those there are.
    """
    if name not in _CHEST.findings:
        raise MapleError(f"finding {name!r}", "not in the vocabulary", f"known: {', '.join(FINDINGS)}")
    return _CHEST.findings[name]


def mirror(region: str) -> str:
    """The same region on the other side; a midline region is its own mirror image.

    Example:
        >>> mirror("left costophrenic angle"), mirror("spine")
        ('right costophrenic angle', 'spine')
    """
    swap = {"left": "right", "right": "left"}
    first, _, rest = region.partition(" ")
    other = f"{swap[first]} {rest}" if first in swap else region
    return other if other in _CHEST.regions else region
