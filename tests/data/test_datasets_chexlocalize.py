"""CheXlocalize from its official layout."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from miniatures import chexlocalize
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.chexlocalize import LABELS
from maple_lib.data.mask_codes import decode_mask
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS

VAL, TEST = ("CheXlocalize/gt_segmentations_val.json", "CheXlocalize/gt_segmentations_test.json")


@pytest.fixture
def root(tmp_path):
    return chexlocalize.build(tmp_path / "loc")


def rows_of(root):
    return {row.study_id: row for row in sound_rows(open_dataset("chexlocalize", root), root)}


def test_views_of_one_examination_are_one_study(root):
    rows = rows_of(root)
    assert list(rows) == [
        "patient64541_study1",
        "patient64542_study1",
        "patient64741_study1",
        "patient64741_study2",
        "patient64742_study1",
    ]
    first = rows["patient64541_study1"]
    assert [image.view for image in first.images] == [None, "LATERAL"]
    assert first.images[0].path == "CheXpert/val/patient64541/study1/view1_frontal.jpg"
    assert (first.images[0].rows, first.images[0].columns) == chexlocalize.SHAPE
    assert [row.split for row in rows.values()] == ["validate"] * 2 + ["test"] * 3
    assert rows["patient64741_study2"].patient_id == "patient64741"


def test_masks_are_those_written(root):
    row = rows_of(root)["patient64541_study1"]
    assert [(phrase.image_id[-7:], phrase.finding) for phrase in row.phrases] == [
        ("frontal", "cardiomegaly"),
        ("frontal", "opacity"),
        ("lateral", "cardiomegaly"),
    ]
    for phrase, task in zip(row.phrases, ("Cardiomegaly", "Lung Opacity", "Cardiomegaly"), strict=True):
        drawn = decode_mask(phrase.rle, chexlocalize.SHAPE)
        assert np.array_equal(drawn, chexlocalize.mask_of(task))


def test_labels(root):
    rows = rows_of(root)
    sick = {name for name, value in rows["patient64741_study1"].labels.items() if value}
    assert sick == {"pleural effusion", "device"}
    assert set(rows["patient64742_study1"].labels.values()) == {0}
    assert {label.finding for label in LABELS.values()} <= set(FINDINGS)


def test_the_old_name_of_lung_opacity(root):
    path = root / VAL
    path.write_text(path.read_text().replace("Lung Opacity", "Airspace Opacity"))
    assert "opacity" in {phrase.finding for phrase in rows_of(root)["patient64541_study1"].phrases}


@pytest.mark.parametrize("name", [VAL, TEST, "CheXpert/val_labels.csv", "CheXpert/test_labels.csv"])
def test_a_missing_file_is_named(root, name):
    (root / name).unlink()
    with pytest.raises(MapleError, match=name):
        open_dataset("chexlocalize", root)


@pytest.mark.parametrize("text", ['{"patient64541_stu', "[]", '{"patient1_study1_view1_frontal": []}'])
def test_damaged_masks(root, text):
    (root / VAL).write_text(text)
    with pytest.raises(MapleError, match=r"gt_segmentations_val\.json"):
        open_dataset("chexlocalize", root)


def test_other_names_of_images(root):
    change(root / VAL, "patient64542_study1_view1_frontal", "image7")
    with pytest.raises(MapleError, match="image7"):
        open_dataset("chexlocalize", root)


def test_missing_column_and_images(root):
    change(root / "CheXpert/val_labels.csv", "Lung Lesion", "Lesion")
    with pytest.raises(MapleError, match=r"val_labels.csv: no column Lung Lesion"):
        open_dataset("chexlocalize", root)
    shutil.rmtree(chexlocalize.build(root) / "CheXpert" / "test")
    with pytest.raises(MapleError, match=r"no \.jpg"):
        open_dataset("chexlocalize", root)


def damaged(root, image, task, mask):
    masks = json.loads((root / VAL).read_text())
    masks[image][task] = mask
    (root / VAL).write_text(json.dumps(masks))
    return only_failure(open_dataset("chexlocalize", root))


@pytest.mark.parametrize(
    "mask", [None, {}, {"size": [24, 32], "counts": "0"}, {"size": [24, 32], "counts": [768, 5]}]
)
def test_one_broken_mask_costs_one_study(root, mask):
    error = damaged(root, "patient64542_study1_view1_frontal", "Edema", mask)
    assert "gt_segmentations_val.json" in error.subject
    assert "patient64542_study1_view1_frontal, Edema" in error.problem


def test_an_unknown_finding_is_named(root):
    error = damaged(root, "patient64542_study1_view1_frontal", "Rib", {"size": [24, 32], "counts": [768]})
    assert "unknown finding" in error.problem


def test_half_a_download(root):
    (root / "CheXpert/test/patient64741/study2/view1_frontal.jpg").unlink()
    assert "patient64741/study2" in only_failure(open_dataset("chexlocalize", root)).subject


def test_a_label_that_is_no_number(root):
    change(root / "CheXpert/val_labels.csv", "view1_frontal.jpg,0.0,0.0,1.0", "view1_frontal.jpg,0.0,,1.0")
    assert "val_labels.csv" in only_failure(open_dataset("chexlocalize", root)).subject
