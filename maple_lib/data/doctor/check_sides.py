"""Left and right: of the patient, of the words, of the boxes.

A frontal radiograph shows the patient's left on the image's right. Three things can be told without a model:
whether the box named "left lung" lies there, whether a phrase that says left does, and whether a finding that
the report places on one side only is boxed on the other.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from maple_lib.data.doctor.corpus import table
from maple_lib.data.doctor.diagnosis import Case, Complaint, Mark
from maple_lib.data.doctor.exam import Card, Exam, share
from maple_lib.data.doctor.shapes import around_runs
from maple_lib.errors import MapleError
from maple_lib.reports import parse
from maple_lib.vocabulary import region

if TYPE_CHECKING:
    import pandas as pd

MIRRORED = Card(
    "left-right",
    "error",
    "Regions on the wrong side",
    "The box of a left region lies where the patient's right is: the image was flipped without its names, or "
    "the names were swapped. Everything learned about sides is then wrong.",
    "Compare with the side marker in the image. Swap the names, or flip the image; never both.",
)
PHRASE = Card(
    "left-right",
    "warning",
    "Words and boxes on opposite sides",
    "A phrase that says left, with its box on the patient's right, teaches that left means right, and a "
    "model that grounds it well is scored as wrong.",
    "Look at the image and its side marker: the box, the words or the image's orientation is wrong.",
)
# Their words name the side of a vessel or a tube's entry, not where the box lies.
_DEVICES = frozenset(("tube", "tip", "line", "wire", "device", "pacemaker", "drainage", "stent", "hardware"))
# (study, finding) -> the side, and the row of the statement that says it.
Told = dict[tuple[int, str], tuple[str, int]]
_MARGIN = 0.03  # of the width: what lies on the midline is on no side
_WORD = {side: re.compile(rf"\b{side}\b", re.IGNORECASE) for side in ("left", "right")}


def mirrored_regions(exam: Exam) -> Iterator[Complaint]:
    """Pairs of regions, one left and one right, that lie the other way round."""
    pairs = _region_pairs(exam)
    pairs["wrong"] = pairs["x_left"] < pairs["x_right"]
    judged = pairs.groupby("image")["wrong"].agg(["sum", "count"])
    bad = judged[judged["sum"] > 0]
    if not len(bad):
        return
    wrong = pairs[pairs["wrong"]]
    cases = [
        _mirrored(exam, image, wrong[wrong["image"] == image], number)
        for image, number in zip(bad.index.tolist(), bad["count"].tolist(), strict=True)
    ]
    number = share(len(cases), len(judged), "images")
    yield MIRRORED.complain(f"Left and right exchanged: {number} with regions of both sides.", cases)


def _region_pairs(exam: Exam) -> pd.DataFrame:
    """A row for each image and place that has both sides, with the middles of their boxes."""
    boxes = _region_boxes(exam)
    boxes["x"] = (boxes["x1"] + boxes["x2"]) / 2
    # Millions of boxes share a few names: these are taken apart, not the boxes'.
    parts = {name: name.partition(" ") for name in boxes["name"].unique()}
    left, right = (
        boxes.assign(place=boxes["name"].map({n: place for n, (s, _, place) in parts.items() if s == side}))
        for side in ("left", "right")
    )
    left, right = left.dropna(subset=["place"]), right.dropna(subset=["place"])
    return left.merge(right, on=["image", "place"], suffixes=("_left", "_right"))


def _region_boxes(exam: Exam) -> pd.DataFrame:
    """Boxes of regions, and those around their masks."""
    import pandas as pd

    edges = ["x1", "y1", "x2", "y2"]
    boxes, masks = exam.corpus.boxes, exam.corpus.masks
    given = boxes[boxes["kind"] == "region"][["image", "name", *edges]]
    around = [
        (int(image), str(name), *around_runs(str(rle), shape))
        for image, name, rle in zip(masks["image"], masks["name"], masks["rle"], strict=True)
        if (shape := exam.shapes[int(image)]) is not None
    ]
    if not around:
        return given.dropna()
    return pd.concat([given, table(around, ("image", "name", *edges))], ignore_index=True).dropna()


def _mirrored(exam: Exam, image: int, wrong: pd.DataFrame, pairs: int) -> Case:
    first = wrong.iloc[0]
    marks = []
    for side in ("left", "right"):
        x1, y1, x2, y2 = (float(first[f"{edge}_{side}"]) for edge in ("x1", "y1", "x2", "y2"))
        marks.append(Mark((x1, y1, x2, y2), f"{side} {first['place']}"))
    swapped = "every pair is swapped" if len(wrong) == pairs else f"{', '.join(wrong['place'])} swapped"
    return exam.image_case(image, f"{swapped} ({len(wrong)} of {pairs})", marks=tuple(marks))


def sided_phrases(exam: Exam) -> Iterator[Complaint]:
    """Phrases, and findings of the report, whose boxes lie wholly on the other side."""
    boxes = exam.corpus.boxes
    placed = boxes[(boxes["kind"] == "phrase") & ~boxes["finding"].isin(_DEVICES)].dropna(subset=["x1", "x2"])
    if not len(placed):
        return
    told = _told_sides(exam)
    each = placed.groupby(["image", "item"])
    spans = each.agg(
        {"x1": "min", "x2": "max"} | dict.fromkeys(("study", "name", "finding", "region"), "first")
    )
    cases = []
    for phrase in spans.reset_index().to_dict("records"):
        case = _judge(exam, phrase, told)
        if case is not None:
            members = placed[(placed["image"] == phrase["image"]) & (placed["item"] == phrase["item"])]
            cases.append(replace(case, marks=_marks(members)))
    if cases:
        yield PHRASE.complain(f"On the other side: {share(len(cases), len(spans), 'phrases')}.", cases)


def _judge(exam: Exam, phrase: Mapping[Hashable, Any], told: Told) -> Case | None:
    """The case, if the words or the report say one side and all boxes lie on the other."""
    image, finding = int(phrase["image"]), str(phrase["finding"])
    shape = exam.shapes[image]
    lies = _lies_on(phrase["x1"], phrase["x2"], shape[1]) if shape else None
    if lies is None:
        return None
    said = _side_of_region(phrase["region"]) or side_of_words(str(phrase["name"]))
    if said is not None:
        wrong = f"the phrase says {said}, the box lies on the patient's {lies}"
        return exam.image_case(image, wrong) if said != lies else None
    side, row = told.get((int(phrase["study"]), finding), (lies, -1))
    if side == lies:
        return None
    statement = exam.statements.rows.iloc[row]
    return exam.image_case(
        image,
        f"the report says {finding} on the {side} only, the box lies on the patient's {lies}",
        sentence=(int(statement["sentence_start"]), int(statement["sentence_end"])),
        words=((int(statement["start"]), int(statement["end"])),),
    )


def _marks(boxes: pd.DataFrame) -> tuple[Mark, ...]:
    edges = boxes[["x1", "y1", "x2", "y2"]].to_numpy(float).tolist()
    return tuple(
        Mark((x1, y1, x2, y2), str(finding))
        for (x1, y1, x2, y2), finding in zip(edges, boxes["finding"], strict=True)
    )


def _lies_on(left: float, right: float, width: int) -> str | None:
    """The patient's side that holds all boxes, or None where they touch the midline."""
    if left > (0.5 + _MARGIN) * width:
        return "left"
    return "right" if right < (0.5 - _MARGIN) * width else None


@lru_cache(4096)
def side_of_words(text: str) -> str | None:
    """The one side that a phrase speaks of, or None: both, neither, or only a device's way in."""
    statements = [t for t in parse(text).triplets if t.existence != "absent"]
    if statements:
        sides = {_side_of_region(t.region) for t in statements if t.finding not in _DEVICES}
        return sides.pop() if len(sides) == 1 else None
    named = [side for side, word in _WORD.items() if word.search(text)]
    return named[0] if len(named) == 1 else None


@cache
def _side_of_region(name: str | None) -> str | None:
    """The side of a region; None for one of the midline, an unknown one, or none at all."""
    try:
        return region(name).side if isinstance(name, str) else None
    except MapleError:
        return None


def _told_sides(exam: Exam) -> Told:
    """(study, finding) -> the only side on which the report has it, and the row of that statement."""
    rows = exam.statements.rows
    there = rows[(rows["existence"] != "absent") & ~rows["finding"].isin(_DEVICES)]
    sides: dict[tuple[int, str], dict[str | None, int]] = {}
    for row, study, finding, place in zip(
        there.index, there["study"], there["finding"], there["region"], strict=True
    ):
        sides.setdefault((int(study), str(finding)), {}).setdefault(_side_of_region(place), int(row))
    return {
        key: (side, row)
        for key, found in sides.items()
        if len(found) == 1
        for side, row in found.items()
        if side
    }
