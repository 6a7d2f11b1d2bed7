"""The RSNA pneumonia challenge from its official layout."""

from __future__ import annotations

import shutil

import pytest
from miniatures import rsna
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError


@pytest.fixture
def root(tmp_path):
    return rsna.build(tmp_path / "rsna")


def test_rows(root):
    rows = {row.study_id: row for row in sound_rows(open_dataset("rsna", root), root)}
    assert list(rows) == [rsna.OTHER, rsna.NORMAL, rsna.ONE, rsna.TWO]
    assert rows[rsna.OTHER].labels == {"pneumonia": 0, "opacity": 0, "normal": 0}
    assert rows[rsna.NORMAL].labels == {"pneumonia": 0, "opacity": 0, "normal": 1}
    assert rows[rsna.TWO].labels == {"pneumonia": 1, "opacity": 1, "normal": 0}
    assert {row.split for row in rows.values()} == {"train"}
    assert rows[rsna.NORMAL].phrases == ()
    (phrase,) = rows[rsna.TWO].phrases
    assert phrase.text == "lung opacity suspicious for pneumonia"
    assert phrase.finding == "pneumonia"
    assert phrase.boxes == ((323, 577, 160, 104), (695, 575, 162, 137))


def test_images_can_be_read(root):
    image = sound_rows(open_dataset("rsna", root), root)[0].images[0]
    assert read_image(root / image.path).pixels.shape == (image.rows, image.columns)


def test_test_images_have_no_labels(root):
    rows = sound_rows(open_dataset("rsna", root, test_images=True), root)
    assert len(rows) == 5
    assert rows[-1].study_id == rsna.TEST
    assert rows[-1].split == "test"
    assert rows[-1].labels == {}


@pytest.mark.parametrize("name", ["stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"])
def test_a_missing_table_is_named(root, name):
    (root / name).unlink()
    with pytest.raises(MapleError, match=name):
        open_dataset("rsna", root)


def test_first_stage_has_other_names(root):
    (root / "stage_2_train_labels.csv").rename(root / "stage_1_train_labels.csv")
    with pytest.raises(MapleError, match=r"stage_2_train_labels\.csv"):
        open_dataset("rsna", root)


def test_no_images(root):
    shutil.rmtree(root / "stage_2_train_images")
    with pytest.raises(MapleError, match="stage_2_train_images"):
        open_dataset("rsna", root)


def test_missing_column(root):
    change(root / "stage_2_train_labels.csv", "Target", "Label")
    with pytest.raises(MapleError, match="no column Target"):
        open_dataset("rsna", root)


def test_half_a_download(root):
    (root / "stage_2_train_images" / f"{rsna.ONE}.dcm").unlink()
    assert rsna.ONE in only_failure(open_dataset("rsna", root)).problem


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("stage_2_train_labels.csv", "213.0,379.0,1", "213.0,,1", "line 4"),
        ("stage_2_train_labels.csv", "213.0,379.0,1", "213.0,379.0,0", "Target '0'"),
        ("stage_2_train_labels.csv", f"{rsna.NORMAL},,,,,0", f"{rsna.NORMAL},,,,,1", "Target '1'"),
        ("stage_2_train_labels.csv", f"{rsna.NORMAL},,,,,0", f"{rsna.NORMAL},,,,,", "Target ''"),
        ("stage_2_detailed_class_info.csv", f"{rsna.ONE},Lung Opacity", f"{rsna.ONE},Normal", "'Normal'"),
        ("stage_2_detailed_class_info.csv", f"{rsna.NORMAL},Normal\n", "", "class None"),
    ],
)
def test_one_broken_line_costs_one_study(root, file, old, new, words):
    change(root / file, old, new)
    error = only_failure(open_dataset("rsna", root))
    assert file in error.subject
    assert words in error.problem
