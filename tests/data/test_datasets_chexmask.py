"""CheXmask's tables: found by image, read one line at a time, joined to a folder of images."""

from __future__ import annotations

import gzip
import pickle

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra.numpy import arrays
from miniatures import chexmask
from miniatures.small_files import change, write_picture
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.chexmask import regions_by_image
from maple_lib.data.mask_codes import decode_mask, encode_mask, from_kaggle
from maple_lib.errors import MapleError

NAMES = [f"{number:032x}" for number in range(5)]


@pytest.fixture
def table(tmp_path):
    return chexmask.build(tmp_path / "OriginalResolution" / "VinDr-CXR.csv", NAMES)


def test_regions_are_those_written(table):
    lookup = regions_by_image(table)
    assert list(lookup) == NAMES
    assert len(lookup) == 5
    organs = chexmask.organs((32, 40))
    wanted = {"left lung": "Left Lung", "right lung": "Right Lung", "cardiac silhouette": "Heart"}
    for number, name in enumerate(NAMES):
        assert name in lookup
        assert {row.name for row in lookup[name]} == set(wanted)
        for row in lookup[name]:
            assert np.array_equal(decode_mask(row.rle, (32, 40)), organs[wanted[row.name]])
            assert row.source == "chexmask"
            assert row.confidence == pytest.approx(0.7 + number / 100)
            assert row.image_id == name
            assert row.box is None


def test_heart_and_left_lung_overlap(table):
    rows = {row.name: decode_mask(row.rle, (32, 40)) for row in regions_by_image(table)[NAMES[0]]}
    assert (rows["cardiac silhouette"] & rows["left lung"]).any()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays(bool, (7, 9)))
def test_runs_of_the_miniature_are_read_as_its_mask(mask):
    assert from_kaggle(chexmask.kaggle(mask), (7, 9)) == encode_mask(mask)


def test_other_id_and_unknown_image(table):
    lookup = regions_by_image(table)
    assert {row.image_id for row in lookup.regions(NAMES[1], "mine")} == {"mine"}
    assert lookup.regions("nobody", "mine") == ()
    assert "nobody" not in lookup
    with pytest.raises(MapleError, match="32"):
        lookup.regions(NAMES[1], "mine", (64, 64))


@pytest.mark.parametrize("column", ["Image Index", "dicom_id", "Path", "ImageID", "image_id"])
def test_every_name_of_the_first_column(tmp_path, column):
    path = chexmask.build(tmp_path / "table.csv", ["a/b.png", "c"], column)
    assert list(regions_by_image(path)) == ["a/b.png", "c"]


def test_a_number_before_the_name_is_no_hindrance(tmp_path):
    path = chexmask.build(tmp_path / "table.csv", NAMES)
    lines = path.read_text().split("\n")
    # as pandas writes an index: only lines that begin a record get one
    text = "\n".join(
        f"7,{line}" if line[:32] in NAMES else f",{line}" if line.startswith("image_id") else line
        for line in lines
    )
    path.write_text(text)
    lookup = regions_by_image(path)
    assert list(lookup) == NAMES
    assert len(lookup[NAMES[4]]) == 3


def test_windows_line_ends_and_a_missing_last_one(table):
    text = table.read_text().replace("\n", "\r\n").rstrip()
    table.write_bytes(text.encode())
    assert len(regions_by_image(table)[NAMES[4]]) == 3


def test_it_travels_between_processes(table):
    lookup = pickle.loads(pickle.dumps(regions_by_image(table)))
    assert len(lookup[NAMES[2]]) == 3


def test_an_organ_that_was_not_found_is_left_out(table):
    masks = chexmask.organs((32, 40))
    change(table, chexmask.kaggle(masks["Heart"]), "")
    assert [row.name for row in regions_by_image(table)[NAMES[0]]] == ["left lung", "right lung"]


@pytest.mark.parametrize("column", ["Left Lung", "Height", "Dice RCA (Mean)", "image_id"])
def test_missing_column(table, column):
    change(table, column, "other")
    with pytest.raises(MapleError, match=r"VinDr-CXR.csv: no column") as caught:
        regions_by_image(table)
    assert column in caught.value.problem


def test_missing_packed_and_empty_table(table):
    with pytest.raises(MapleError, match="no such file"):
        regions_by_image(table.with_name("CheXpert.csv"))
    packed = table.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(table.read_bytes()))
    with pytest.raises(MapleError, match="gunzip"):
        regions_by_image(packed)
    table.write_text("")
    with pytest.raises(MapleError, match="no column"):
        regions_by_image(table)


def test_masks_of_padded_images_are_refused(tmp_path):
    path = chexmask.build(tmp_path / "Preprocessed" / "VinDr-CXR.csv", NAMES)
    with pytest.raises(MapleError, match="padded"):
        regions_by_image(path)


@pytest.mark.parametrize("cut", [3, 400, 1500])
def test_half_a_download_costs_the_last_image(table, cut):
    table.write_bytes(table.read_bytes()[:-cut])
    lookup = regions_by_image(table)
    with pytest.raises(MapleError, match=r"VinDr-CXR\.csv"):
        lookup[list(lookup)[-1]]
    assert len(lookup[NAMES[0]]) == 3


def test_images_of_a_folder(tmp_path, table):
    for name in NAMES[1:4]:
        write_picture(tmp_path / "png" / "deep" / f"{name}.png", (32, 40))
    rows = sound_rows(open_dataset("chexmask", tmp_path / "png", chexmask=table), tmp_path / "png")
    assert [row.study_id for row in rows] == NAMES[1:4]
    assert all(len(row.regions) == 3 for row in rows)
    assert rows[0].images[0].path == f"deep/{NAMES[1]}.png"


def test_paths_of_chexpert_agree_in_their_folders(tmp_path):
    ends = [f"patient0000{n}/study1/view1_frontal.jpg" for n in (1, 2)]
    names = [f"CheXpert-v1.0/train/{end}" for end in ends]
    table = chexmask.build(tmp_path / "CheXpert.csv", names, "Path")
    write_picture(tmp_path / "root" / "train" / ends[1], (32, 40))
    rows = sound_rows(open_dataset("chexmask", tmp_path / "root", chexmask=table), tmp_path / "root")
    assert [row.images[0].path for row in rows] == [f"train/{ends[1]}"]


def test_a_broken_line_costs_one_study(tmp_path, table):
    for name in NAMES:
        write_picture(tmp_path / "png" / f"{name}.png", (32, 40))
    change(table, "0.72", "much")
    error = only_failure(open_dataset("chexmask", tmp_path / "png", chexmask=table))
    assert NAMES[2] in error.subject


def test_tables_without_images_and_images_without_table(tmp_path, table):
    with pytest.raises(MapleError, match="chexmask="):
        open_dataset("chexmask", tmp_path)
    with pytest.raises(MapleError, match="images"):
        open_dataset("chexmask", table.parent, chexmask=table)
    write_picture(tmp_path / "png" / "other.png")
    with pytest.raises(MapleError, match="none of its images"):
        open_dataset("chexmask", tmp_path / "png", chexmask=table)
