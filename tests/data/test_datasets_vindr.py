"""VinDr-CXR from its official layout."""

from __future__ import annotations

import shutil

import pytest
from miniatures import chexmask, vindr
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.vindr_cxr import LABELS
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS

OWN = {"other lesion", "lung tumor", "tuberculosis"}  # not in the vocabulary


@pytest.fixture
def root(tmp_path):
    return vindr.build(tmp_path / "vindr")


def rows_of(root, **options):
    return {row.study_id: row for row in sound_rows(open_dataset("vindr-cxr", root, **options), root)}


def present(row):
    return {name for name, value in row.labels.items() if value == 1}


def test_rows(root):
    rows = rows_of(root)
    assert list(rows) == [vindr.NORMAL, vindr.HEART, vindr.MIXED, vindr.TEST_SICK, vindr.TEST_NORMAL]
    assert [row.split for row in rows.values()] == ["train"] * 3 + ["test"] * 2
    assert {row.images[0].view for row in rows.values()} == {"PA"}
    assert rows[vindr.HEART].images[0].path == f"train/{vindr.HEART}.dicom"
    assert set(rows[vindr.NORMAL].labels.values()) == {0}
    assert set(rows[vindr.NORMAL].labels) - set(FINDINGS) == OWN


def test_majority_and_what_fewer_saw(root):
    labels = rows_of(root)[vindr.HEART].labels
    assert labels["cardiomegaly"] == 1
    assert labels["fracture"] == -1
    assert labels["dilation"] == -1
    assert labels["edema"] == 0


def test_two_labels_of_one_finding(root):
    row = rows_of(root)[vindr.MIXED]
    assert present(row) == {"lesion", "lung tumor", "fracture"}
    assert [(phrase.text, phrase.finding) for phrase in row.phrases] == [
        ("nodule or mass", "lesion"),
        ("clavicle fracture", "fracture"),
    ]


def test_boxes_are_of_all_who_saw_what_is_present(root):
    rows = rows_of(root)
    (heart,) = rows[vindr.HEART].phrases
    assert heart.region == "cardiac silhouette"
    assert heart.boxes == ((4, 10, 16, 12), (5, 11, 16, 12), (4, 10, 15.5, 12))
    assert len(rows[vindr.MIXED].phrases[0].boxes) == 3


def test_agree_one_and_three(root):
    assert present(rows_of(root, agree=1)[vindr.HEART]) == {"cardiomegaly", "fracture", "dilation"}
    assert present(rows_of(root, agree=3)[vindr.MIXED]) == set()
    assert present(rows_of(root, agree=3)[vindr.TEST_SICK]) == {"pleural effusion", "tuberculosis"}
    with pytest.raises(MapleError, match="agree=4"):
        open_dataset("vindr-cxr", root, agree=4)


def test_masks_of_chexmask_are_joined(root, tmp_path):
    table = chexmask.build(tmp_path / "OriginalResolution" / "VinDr-CXR.csv", [vindr.HEART])
    rows = rows_of(root, chexmask=table)
    assert [len(row.regions) for row in rows.values()] == [0, 3, 0, 0, 0]


def test_every_label_of_the_tables_has_a_meaning():
    assert set(vindr.CLASSES) - set(LABELS) == {"Other diseases", "No finding"}
    assert {label.finding for label in LABELS.values()} - set(FINDINGS) == OWN


@pytest.mark.parametrize("name", ["image_labels_train", "annotations_train", "image_labels_test"])
def test_a_missing_table_is_named(root, name):
    (root / "annotations" / f"{name}.csv").unlink()
    with pytest.raises(MapleError, match=f"{name}.csv"):
        open_dataset("vindr-cxr", root)


def test_wrong_root_and_missing_images(root):
    with pytest.raises(MapleError, match=r"image_labels_train\.csv"):
        open_dataset("vindr-cxr", root / "annotations")
    shutil.rmtree(root / "test")
    with pytest.raises(MapleError, match=r"no \.dicom images"):
        open_dataset("vindr-cxr", root)


@pytest.mark.parametrize(
    ("file", "column"),
    [("image_labels_train", "rad_id"), ("image_labels_test", "ILD"), ("annotations_train", "x_max")],
)
def test_missing_column(root, file, column):
    change(root / "annotations" / f"{file}.csv", column, "other")
    with pytest.raises(MapleError, match=f"{file}.csv: no column {column}"):
        open_dataset("vindr-cxr", root)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("annotations_train", "4,10,20,22", "4,10,four,22", "line 5"),
        ("annotations_train", "4,10,20,22", "20,10,4,22", "line 5"),
        ("image_labels_train", f"{vindr.HEART},R1,0", f"{vindr.HEART},R1,2", vindr.HEART),
        ("image_labels_train", f"{vindr.HEART},R1,0", f"{vindr.HEART},R1,", vindr.HEART),
    ],
)
def test_one_broken_line_costs_one_study(root, file, old, new, words):
    change(root / "annotations" / f"{file}.csv", old, new)
    error = only_failure(open_dataset("vindr-cxr", root))
    assert f"{file}.csv" in error.subject
    assert words in error.problem


def test_half_a_download(root):
    (root / "train" / f"{vindr.MIXED}.dicom").unlink()
    assert vindr.MIXED in only_failure(open_dataset("vindr-cxr", root)).problem


def test_masks_say_the_size_of_their_image_and_whose_they_are(root, tmp_path):
    table = chexmask.build(tmp_path / "a.csv", [vindr.HEART], shape=(64, 48))
    images = [row.images[0] for row in rows_of(root, chexmask=table).values()]
    assert [(each.rows, each.columns) for each in images] == [
        (None, None), (64, 48), (None, None), (None, None), (None, None)
    ]  # fmt: skip
    other = chexmask.build(tmp_path / "b.csv", ["someone-elses"])
    with pytest.raises(MapleError, match=r"b\.csv: knows no image of VinDr-CXR"):
        open_dataset("vindr-cxr", root, chexmask=other)
