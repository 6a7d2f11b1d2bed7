"""One scene graph of Chest ImaGenome: the boxes of regions, and what the report says of each.

``objects`` have ``bbox_name`` and ``original_x1`` … on the image's own pixels; ``attributes`` have, for one
region each and in step, ``attributes`` (a list of ``kind|yes|name`` a sentence), ``phrases`` and
``phrase_IDs`` (``<study>|<sentence>``). The fields are known from several public programs that read the
official files. A region that is not visible has no object, or one without area.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from math import isfinite
from pathlib import Path
from typing import Any

from maple_lib.data.box_regions import Box
from maple_lib.errors import MapleError
from maple_lib.reports.types import Existence, Triplet
from maple_lib.vocabulary import FINDINGS, REGIONS, finding

Graph = Mapping[str, Any]
# Attributes that say how a finding looks, how it changed, or how sure the text tool was.
_NOT_FINDINGS = {"texture", "severity", "temporal", "comparison", "nlp"}
# Names for which the vocabulary knows several findings, or none under this name.
_MEANT: dict[str, tuple[str, ...]] = {
    "mass/nodule (not otherwise specified)": ("lesion",),
    "calcified nodule": ("granuloma",),
    "copd/emphysema": ("emphysema",),
    "hydropneumothorax": ("pneumothorax", "pleural effusion"),
    "superior mediastinal mass/enlargement": ("enlarged cardiomediastinum",),
    "diaphragmatic eventration (benign)": ("elevated hemidiaphragm",),
    "sub-diaphragmatic air": ("pneumoperitoneum",),
    "shoulder osteoarthritis": ("degenerative change",),
    "bone lesion": ("lesion",),
    "pericardial effusion": ("pericardial effusion",),
    "mediastinal drain": ("drainage",),
    "pigtail catheter": ("tube",),
    "intra-aortic balloon pump": ("device",),
    "prosthetic valve": ("device",),
    "sternotomy wires": ("wire",),
    "cabg grafts": ("surgical clip",),
    "aortic graft/repair": ("stent",),
}


def read_graph(path: Path) -> Graph:
    """Read one file.

    Raises:
        MapleError: if it is missing or is not a scene graph.
    """
    try:
        graph = json.loads(path.read_bytes())
        if not isinstance(graph["objects"], list):
            raise TypeError("objects")
    except FileNotFoundError:
        raise MapleError(path, "no such file", "download the scene graphs again") from None
    except (ValueError, KeyError, TypeError) as error:
        raise MapleError(path, f"not a scene graph ({error!r})", "download this file again") from None
    checked: Graph = graph
    return checked


def boxes_of(graph: Graph, path: Path) -> dict[str, Box]:
    """Region -> (x1, y1, x2, y2) on the image's own pixels; regions that are not visible are left out.

    Raises:
        MapleError: if an object is not what it should be.
    """
    try:
        boxes = {item["bbox_name"]: _box(item) for item in graph["objects"] if item["bbox_name"] in REGIONS}
    except (KeyError, TypeError, ValueError) as error:
        raise MapleError(path, f"not a scene graph ({error!r})", "download this file again") from None
    return {name: box for name, box in boxes.items() if box is not None}


def _box(item: Mapping[str, Any]) -> Box | None:
    edges = [item[f"original_{edge}"] for edge in ("x1", "y1", "x2", "y2")]
    if any(edge is None for edge in edges):
        return None
    x1, y1, x2, y2 = (float(edge) for edge in edges)
    x1, y1 = max(x1, 0.0), max(y1, 0.0)
    return (x1, y1, x2, y2) if all(map(isfinite, (x1, y1, x2, y2))) and x1 < x2 and y1 < y2 else None


def statements_of(graph: Graph, path: Path) -> tuple[str, tuple[Triplet, ...]]:
    """What the graph knows of the report: its sentences about regions, and their statements.

    Returns:
        The sentences in their order, one a line, and triplets whose spans are those of their sentences.
        Where one sentence has a finding both present and absent in a region, it is present.

    Raises:
        MapleError: if an attribute is not what it should be.
    """
    said: dict[tuple[int, str], dict[tuple[str | None, str], Existence]] = {}
    try:
        for item in graph.get("attributes", ()):
            region = item["bbox_name"] if item["bbox_name"] in REGIONS else None
            steps = (item["phrase_IDs"], item["phrases"], item["attributes"])
            for phrase_id, text, relations in zip(*steps, strict=True):
                sentence = said.setdefault((_place(phrase_id), " ".join(text.split())), {})
                for name, existence in _findings(relations):
                    if sentence.get((region, name)) != "present":
                        sentence[region, name] = existence
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MapleError(
            path, f"attributes that cannot be read ({error!r})", "download this file again"
        ) from None
    return _lay_out({key: said[key] for key in sorted(said)})


def _lay_out(
    said: Mapping[tuple[int, str], Mapping[tuple[str | None, str], Existence]],
) -> tuple[str, tuple[Triplet, ...]]:
    start, triplets = 0, []
    for index, ((_, text), found) in enumerate(said.items()):
        span = (start, start + len(text))
        triplets += [Triplet(region, name, how, index, span) for (region, name), how in found.items()]
        start = span[1] + 1
    return "\n".join(text for _, text in said), tuple(triplets)


def _place(phrase_id: str) -> int:
    """Number of the sentence in the report."""
    return int(str(phrase_id).rpartition("|")[2])


def _findings(relations: list[str]) -> Iterator[tuple[str, Existence]]:
    """``["anatomicalfinding|no|pneumothorax"]`` -> pneumothorax, absent."""
    for relation in relations:
        kind, answer, name = (part.strip().lower() for part in relation.split("|"))
        if kind in _NOT_FINDINGS or answer not in ("yes", "no"):
            continue
        for meant in _vocabulary().get(name, ()):
            yield meant, "present" if answer == "yes" else "absent"


@cache
def _vocabulary() -> dict[str, tuple[str, ...]]:
    """Attribute -> findings; a finding's own name means itself."""
    meant: dict[str, tuple[str, ...]] = {}
    for name in FINDINGS:
        for attribute in finding(name).imagenome:
            meant.setdefault(attribute.lower(), (name,))
    return {**{name: (name,) for name in FINDINGS}, **meant, **_MEANT}
