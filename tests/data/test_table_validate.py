"""Every rule of a studies table is seen to be broken, and a sound table breaks none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from test_table_rows import plain, rich

from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow
from maple_lib.data.sources import load_studies
from maple_lib.data.table import validate_table, write_rows
from maple_lib.data.table.row_check import check_row
from maple_lib.data.table.writing import GROUP
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet

IMAGE = ImageRow("i", "i.png", "PA", None, 10, 12)


def with_region(**fields):
    values = {"image_id": "0-a", "name": "spine", "box": (1, 2, 3, 4), **fields}
    return replace(rich(), regions=(*rich().regions, RegionRow(**values)))


def with_phrase(**fields):
    values = {"image_id": "0-a", "text": "t", "finding": "edema", "boxes": ((1, 2, 3, 4),), **fields}
    return replace(rich(), phrases=(*rich().phrases, PhraseRow(**values)))


def with_image(**fields):
    return replace(rich(), images=(*rich().images, replace(IMAGE, **fields)))


def with_triplet(*key):
    return replace(rich(), triplets=(*rich().triplets, Triplet(*key)))


BROKEN = [
    ("no study_id", replace(rich(), study_id="")),
    ("no patient_id", replace(rich(), patient_id="")),
    ("unknown split", replace(rich(), split="val")),
    ("no image", replace(rich(), images=(), regions=(), phrases=())),
    ("label other than", replace(rich(), labels={"edema": 2})),
    ("an image without id", with_image(image_id="")),
    ("an image without path", with_image(path="")),
    ("path not relative", with_image(path="/data/i.png")),
    ("path not relative", with_image(path="../i.png")),
    ("path not relative", with_image(path="C:\\i.png")),
    ("unknown view", with_image(view="frontal")),
    ("rows below 1", with_image(rows=0)),
    ("unknown region", with_region(name="lung")),
    ("confidence outside", with_region(confidence=1.5)),
    ("confidence outside", with_region(confidence=math.nan)),
    ("both a box and a mask", with_region(rle="1 2")),
    ("region on an image that its study has not", with_region(image_id="elsewhere")),
    ("box of a region that is not finite", with_region(box=(1, 2, math.inf, 4))),
    ("box of a region without area", with_region(box=(3, 2, 3, 4))),
    ("phrase without text", with_phrase(text="")),
    ("unknown region of a phrase", with_phrase(region="lung")),
    ("phrase on an image that its study has not", with_phrase(image_id="elsewhere")),
    ("box of a phrase that is not finite", with_phrase(boxes=((1, math.nan, 3, 4),))),
    ("box of a phrase without area", with_phrase(boxes=((1, 2, 0, 4),))),
    ("unknown region of a triplet", with_triplet("lung", "edema", "present")),
    ("unknown existence", with_triplet("spine", "edema", "perhaps")),
    ("triplet without finding", with_triplet("spine", "", "present")),
]


def validated(path, *rows):
    return validate_table(write_rows(rows, path / "t.parquet"))


def test_a_sound_table_has_no_problem(tmp_path):
    report = validated(tmp_path, *(rich(i) for i in range(3 * GROUP)))
    assert report.problems == ()
    assert report.sound
    assert report.studies == 3 * GROUP
    assert "no problem" in str(report)
    assert validated(tmp_path).sound


@pytest.mark.parametrize(("rule", "row"), BROKEN)
def test_a_broken_rule_is_found_alone_and_refused_before_writing(tmp_path, rule, row):
    report = validated(tmp_path, plain(1), row, plain(2))
    assert [rule in problem.rule for problem in report.problems] == [True]
    assert report.problems[0].count == 1
    assert not report.sound
    assert row.study_id in report.problems[0].examples[0]
    with pytest.raises(MapleError, match="make the table again"):
        load_studies(tmp_path / "t.parquet")
    with pytest.raises(MapleError, match="study"):
        check_row(row)


def test_the_rows_that_are_sound_pass(tmp_path):
    check_row(rich())
    check_row(plain(0))


def test_ids_are_unique_across_groups_of_rows(tmp_path):
    rows = [plain(i) for i in range(2 * GROUP)]
    again = [replace(rows[0], images=(IMAGE,)), replace(rows[1], study_id="other")]
    report = validated(tmp_path, *rows, *again)
    assert {p.rule for p in report.problems} == {"the same study_id again", "the same image_id again"}
    assert not report.sound
    assert {p.examples for p in report.problems} == {("n0",), ("1-n",)}


def test_faults_of_the_data_are_told_but_the_table_opens(tmp_path):
    far = with_region(box=(1, 2, 14, 4))
    torn = replace(rich(1), split="test")  # of the same patient as rich(0), who is in train
    report = validated(tmp_path, far, torn)
    assert [(p.rule, p.broken) for p in report.problems] == [
        ("box of a region outside its image", False),
        ("a patient in more than one split", False),
    ]
    with pytest.warns(UserWarning, match="maple doctor"):
        assert len(load_studies(tmp_path / "t.parquet")) == 2


def test_a_box_may_touch_the_edge_and_unknown_sizes_are_not_judged(tmp_path):
    edge = with_region(box=(-0.5, 0, 12.9, 10.9))
    unknown = with_region(image_id="0-b", box=(0, 0, 9999, 9999))
    assert validated(tmp_path, edge).problems == ()
    assert validated(tmp_path, unknown).problems == ()
    assert validated(tmp_path, with_region(box=(0, 0, 12, 11.5))).problems != ()
