"""NIH ChestX-ray14 from its official layout."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
from miniatures import chexmask, nih
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import dataset_info, open_dataset
from maple_lib.data.datasets.nih import LABELS
from maple_lib.data.mask_codes import decode_mask
from maple_lib.data.read import read_image
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS

REAL = Path(__file__).resolve().parents[3] / "shared" / "real" / "nih_chestxray14"


@pytest.fixture
def root(tmp_path):
    return nih.build(tmp_path / "nih")


def test_rows(root):
    rows = sound_rows(open_dataset("nih", root), root)
    assert [row.patient_id for row in rows] == ["1", "1", "2", "3", "3"]
    assert [row.split for row in rows] == ["train"] * 3 + ["test"] * 2
    assert [row.images[0].view for row in rows] == ["PA", "PA", "AP", "PA", "PA"]
    assert rows[4].images[0].path == "images_002/images/00000003_001.png"
    assert {name for name, value in rows[3].labels.items() if value} == {
        "pleural effusion",
        "infiltration",
        "pleural thickening",
    }
    assert set(rows[2].labels.values()) == {0}
    assert all(len(row.labels) == 14 for row in rows)
    assert set(rows[0].labels) <= set(FINDINGS)


def test_boxes_of_one_label_are_one_phrase(root):
    rows = sound_rows(open_dataset("nih", root), root)
    assert [len(row.phrases) for row in rows] == [0, 0, 0, 2, 0]
    infiltration, effusion = rows[3].phrases
    assert (infiltration.text, effusion.text) == ("infiltration", "pleural effusion")
    assert len(infiltration.boxes) == 2
    assert infiltration.boxes[1] == (600, 500, 50, 40)
    assert effusion.boxes[0][2] == pytest.approx(185.4915)


def test_size_in_the_rows_is_that_of_the_files(root):
    image = sound_rows(open_dataset("nih", root), root)[0].images[0]
    assert read_image(root / image.path).pixels.shape == (image.rows, image.columns)


def test_no_age_and_no_sex_are_kept(root):
    text = repr(list(open_dataset("nih", root).rows(0, 5)))
    assert "58" not in text
    assert "'M'" not in text


@pytest.mark.parametrize("version", ["Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv"])
def test_both_names_of_the_table_and_one_folder(tmp_path, version):
    root = nih.build(tmp_path, version, parts=False)
    rows = sound_rows(open_dataset("nih", root), root)
    assert rows[0].images[0].path == "images/00000001_000.png"


def test_newer_header_without_gender_and_last_comma(root):
    table = root / "Data_Entry_2017_v2020.csv"
    table.write_text(table.read_text().replace("Gender", "Sex").replace(",\n", "\n"))
    assert len(sound_rows(open_dataset("nih", root), root)) == 5


def test_masks_of_chexmask_are_joined(root, tmp_path):
    table = chexmask.build(tmp_path / "ChestX-Ray8.csv", ["00000002_000.png"], "Image Index", (1024, 1024))
    rows = sound_rows(open_dataset("nih", root, chexmask=table), root)
    assert [len(row.regions) for row in rows] == [0, 0, 3, 0, 0]
    left, right, heart = rows[2].regions
    assert (left.name, right.name, heart.name) == ("left lung", "right lung", "cardiac silhouette")
    assert left.source == "chexmask"
    assert left.confidence == pytest.approx(0.7)
    columns = np.flatnonzero(decode_mask(left.rle, (1024, 1024)).any(0))
    assert columns.min() > 512  # the patient's left is the picture's right


def test_masks_of_another_size_are_refused(root, tmp_path):
    table = chexmask.build(tmp_path / "ChestX-Ray8.csv", ["00000002_000.png"], "Image Index", (64, 64))
    assert "(64, 64)" in only_failure(open_dataset("nih", root, chexmask=table)).problem


@pytest.mark.parametrize(
    "name", ["Data_Entry_2017_v2020.csv", "BBox_List_2017.csv", "train_val_list.txt", "test_list.txt"]
)
def test_a_missing_file_is_named(root, name):
    (root / name).unlink()
    with pytest.raises(MapleError, match=name):
        open_dataset("nih", root)


def test_no_images(root):
    for folder in root.glob("images_*"):
        shutil.rmtree(folder)
    with pytest.raises(MapleError, match="images"):
        open_dataset("nih", root)


def test_wrong_root(tmp_path):
    with pytest.raises(MapleError, match=r"Data_Entry_2017_v2020\.csv"):
        open_dataset("nih", tmp_path)
    with pytest.raises(MapleError, match="no such folder"):
        open_dataset("nih", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("Data_Entry_2017_v2020.csv", "View Position", "View", "no column View Position"),
        ("BBox_List_2017.csv", "Bbox [x,y,w,h]", "x,y,w,h", r"no column Bbox \[x"),
    ],
)
def test_missing_column_names_file_and_column(root, file, old, new, words):
    change(root / file, old, new)
    with pytest.raises(MapleError, match=words) as caught:
        open_dataset("nih", root)
    assert file in str(caught.value)


def test_empty_list_of_a_split(root):
    (root / "test_list.txt").write_text("")
    with pytest.raises(MapleError, match=r"test_list.txt: names no image"):
        open_dataset("nih", root)


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("Data_Entry_2017_v2020.csv", "No Finding", "Something", "'Something'"),
        ("Data_Entry_2017_v2020.csv", "No Finding", "", "line 4"),
        ("Data_Entry_2017_v2020.csv", "00000002_000.png", "00000009_000.png", "00000009_000.png"),
        ("BBox_List_2017.csv", "600,500,50,40", "600,500,,40", "line 4"),
        ("BBox_List_2017.csv", "600,500,50,40", "600,500,fifty,40", "line 4"),
        ("BBox_List_2017.csv", "600,500,50,40", "600,500,0,40", "line 4"),
    ],
)
def test_one_broken_line_costs_one_study(root, file, old, new, words):
    change(root / file, old, new)
    error = only_failure(open_dataset("nih", root))
    assert file in error.subject
    assert words in error.problem


def test_half_a_download_of_images(root):
    (root / "images_001/images/00000001_001.png").unlink()
    assert "00000001_001.png" in only_failure(open_dataset("nih", root)).problem


def test_card():
    info = dataset_info("nih")
    assert info.name == "nih"
    assert all((info.title, info.home, info.licence, info.forbids, info.size, info.files, info.cite))


@pytest.mark.skipif(not REAL.is_dir(), reason="real data not found beside the repository")
def test_real_images_in_the_official_layout(tmp_path):
    with (REAL / "labels.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    with (tmp_path / "Data_Entry_2017.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])
    with (REAL / "boxes.csv").open(newline="") as file:
        boxes = list(csv.reader(file))[1:]
    text = "".join(f"{','.join(box)},,,\n" for box in boxes)
    (tmp_path / "BBox_List_2017.csv").write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\n" + text)
    for name, part in (("train_val_list.txt", lines[:60]), ("test_list.txt", lines[60:])):
        (tmp_path / name).write_text("".join(f"{line[0]}\n" for line in part))
    (tmp_path / "images").symlink_to(REAL / "images")
    rows = sound_rows(open_dataset("nih", tmp_path), tmp_path)
    assert len(rows) == 120
    assert len({row.patient_id for row in rows}) == 120
    assert sum(len(phrase.boxes) for row in rows for phrase in row.phrases) == len(boxes)
    for row in rows:
        for phrase in row.phrases:
            assert row.labels[phrase.finding] == 1
            assert all(x + w <= 1024 and y + h <= 1024 for x, y, w, h in phrase.boxes)
    for row in rows[:5]:
        assert read_image(tmp_path / row.images[0].path).pixels.shape == (1024, 1024)


def test_labels_are_the_official_fourteen():
    assert len(LABELS) == 14
    assert "Infiltration" in LABELS


def test_masks_of_another_dataset_are_refused(root, tmp_path):
    table = chexmask.build(tmp_path / "Padchest.csv", ["someone-elses.png"], "ImageID", (1024, 1024))
    with pytest.raises(MapleError, match=r"Padchest\.csv: knows no image of NIH"):
        open_dataset("nih", root, chexmask=table)
