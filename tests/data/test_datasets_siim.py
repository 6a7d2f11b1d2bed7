"""The SIIM-ACR pneumothorax challenge from its official layout."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from miniatures import siim
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.mask_codes import decode_mask
from maple_lib.errors import MapleError


@pytest.fixture
def root(tmp_path):
    return siim.build(tmp_path / "siim")


@pytest.mark.parametrize("table", ["train-rle.csv", "stage_2_train.csv"])
def test_masks_of_both_stages(tmp_path, table):
    root = siim.build(tmp_path, table)
    rows = {row.study_id: row for row in sound_rows(open_dataset("siim", root), root)}
    assert list(rows) == [siim.ONE, siim.TWO, siim.NONE, siim.OTHER]
    assert [row.labels for row in rows.values()] == [{"pneumothorax": v} for v in (1, 1, 0, 0)]
    for name, masks in siim.MASKS.items():
        phrases = rows[name].phrases
        assert len(phrases) == bool(masks)
        for phrase in phrases:
            assert (phrase.text, phrase.finding) == ("pneumothorax", "pneumothorax")
            assert np.array_equal(decode_mask(phrase.rle, (1024, 1024)), np.logical_or.reduce(masks))
    assert rows[siim.NONE].images[0].path.endswith(f".series/{siim.NONE}.dcm")


def test_the_later_table_wins(root):
    siim.build(root, "stage_2_train.csv")
    change(root / "train-rle.csv", "-1", "0 5")
    assert sum(row.labels["pneumothorax"] for row in sound_rows(open_dataset("siim", root), root)) == 2


def test_overlapping_masks_of_one_image_are_united(root):
    one = siim.relative_runs(siim.disc(200, 300, 40))
    other = siim.relative_runs(siim.disc(210, 310, 40))
    change(root / "train-rle.csv", one, f"{one}\n{siim.ONE}, {other}")
    rle = sound_rows(open_dataset("siim", root), root)[0].phrases[0].rle
    expected = siim.disc(200, 300, 40) | siim.disc(210, 310, 40)
    assert np.array_equal(decode_mask(rle, (1024, 1024)), expected)


def test_missing_table_column_and_images(root):
    change(root / "train-rle.csv", "EncodedPixels", "Pixels")
    with pytest.raises(MapleError, match=r"train-rle.csv: no column EncodedPixels"):
        open_dataset("siim", root)
    (root / "train-rle.csv").unlink()
    with pytest.raises(MapleError, match=r"stage_2_train\.csv"):
        open_dataset("siim", root)
    shutil.rmtree(siim.build(root) / "dicom-images-train")
    with pytest.raises(MapleError, match="dicom-images-train"):
        open_dataset("siim", root)


def test_empty_table(root):
    (root / "train-rle.csv").write_text("")
    with pytest.raises(MapleError, match=r"train-rle\.csv"):
        open_dataset("siim", root)


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("3 2 1", "not pairs"),
        ("1048570 10", "1048580"),
        ("5 x", "whole numbers"),
        ("", "empty"),
        ("5 -3", "whole numbers"),
    ],
)
def test_one_broken_line_costs_one_study(root, new, words):
    change(root / "train-rle.csv", f"{siim.NONE}, -1", f"{siim.NONE}, {new}")
    error = only_failure(open_dataset("siim", root))
    assert "train-rle.csv" in error.subject
    assert siim.NONE in error.problem
    assert words in error.problem


def test_half_a_download(root):
    next(root.rglob(f"{siim.ONE}.dcm")).unlink()
    assert siim.ONE in only_failure(open_dataset("siim", root)).problem
