"""Region boxes and statements in the layout of Chest ImaGenome's scene graphs.

One file an image, ``<image_id>_SceneGraph.json``: ``objects`` hold a box for each region, ``attributes`` what
the report says of it. Boxes are given twice, as in the original: on the image padded to a square and resized
to 224 (``x1`` …), and on the image itself (``original_x1`` …).

Source: Wu et al., Chest ImaGenome (PhysioNet, 2021).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maple_lib.data.box_regions import Box
from maple_lib.data.datasets.imagenome_graph import boxes_of, read_graph
from maple_lib.reports.types import Sentence, Triplet

SUFFIX = "_SceneGraph.json"
SMALL = 224
_KINDS = {
    "tube": "tubesandlines",
    "line": "tubesandlines",
    "tip": "tubesandlines",
    "pacemaker": "device",
    "wire": "device",
    "device": "device",
    "pneumonia": "disease",
    "hernia": "disease",
    "aspiration": "disease",
}


def scene_graph(
    image_id: str,
    view: str,
    shape: tuple[int, int],
    boxes: Mapping[str, Box],
    sentences: Sequence[Sentence],
    triplets: Iterable[Triplet],
) -> dict[str, Any]:
    """Build the scene graph of one image.

    Args:
        image_id: also used as patient and study: a phantom has one of each.
        view: ``"PA"`` or ``"AP"``.
        shape: (H, W) of the image.
        boxes: region -> (x1, y1, x2, y2) in its pixels.
        sentences: of the report; a statement belongs to the one around its span.
        triplets: the statements; those without a region are about no object and are left out. The layout
            knows only yes and no: an uncertain finding is written as yes.
    """
    by_region: dict[str, list[Triplet]] = {}
    for triplet in triplets:
        if triplet.region in boxes:
            by_region.setdefault(str(triplet.region), []).append(triplet)
    return {
        "image_id": image_id,
        "viewpoint": view,
        "patient_id": image_id,
        "study_id": image_id,
        "objects": [_object(image_id, name, box, shape) for name, box in boxes.items()],
        "attributes": [_attribute(image_id, name, said, sentences) for name, said in by_region.items()],
        "relationships": [],
    }


def _object(image_id: str, name: str, box: Box, shape: tuple[int, int]) -> dict[str, Any]:
    side = max(shape)
    pad_x, pad_y = (side - shape[1]) / 2, (side - shape[0]) / 2
    pads = (pad_x, pad_y, pad_x, pad_y)
    small = [round((edge + pad) * SMALL / side) for edge, pad in zip(box, pads, strict=True)]
    x1, y1, x2, y2 = (round(edge) for edge in box)
    return {
        "object_id": f"{image_id}_{name}",
        "x1": small[0],
        "y1": small[1],
        "x2": small[2],
        "y2": small[3],
        "width": small[2] - small[0],
        "height": small[3] - small[1],
        "bbox_name": name,
        "synsets": [],
        "name": name,
        "original_x1": x1,
        "original_y1": y1,
        "original_x2": x2,
        "original_y2": y2,
        "original_width": x2 - x1,
        "original_height": y2 - y1,
    }


def _attribute(
    image_id: str, name: str, said: list[Triplet], sentences: Sequence[Sentence]
) -> dict[str, Any]:
    """All that the report says of one region: one inner list a sentence."""
    groups: dict[int, list[str]] = {}
    for triplet in said:
        groups.setdefault(_around(triplet, sentences), []).append(_relation(triplet))
    used = sorted(groups)
    return {
        name: True,
        "bbox_name": name,
        "synsets": [],
        "name": name,
        "attributes": [groups[index] for index in used],
        "phrases": [sentences[index].text for index in used],
        "phrase_IDs": [f"{image_id}|{index}" for index in used],
        "sections": [sentences[index].section for index in used],
        "object_id": f"{image_id}_{name}",
    }


def _around(triplet: Triplet, sentences: Sequence[Sentence]) -> int:
    """Position of the sentence whose characters hold the statement's mention; the first if none does."""
    start, end = triplet.span
    return next((i for i, s in enumerate(sentences) if s.span[0] <= start and end <= s.span[1]), 0)


def _relation(triplet: Triplet) -> str:
    answer = "no" if triplet.existence == "absent" else "yes"
    return f"{_KINDS.get(triplet.finding, 'anatomicalfinding')}|{answer}|{triplet.finding}"


def read_boxes(path: Path) -> dict[str, Box]:
    """Region -> (x1, y1, x2, y2) on the image's own pixels, from a scene graph file.

    Raises:
        MapleError: if the file is missing or is not a scene graph.
    """
    return boxes_of(read_graph(path), path)
