"""ChestX-Det from its official layout, and its real test file."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from miniatures import chestx_det
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.chestx_det import LABELS, image_phrases, read_items
from maple_lib.data.phrase_mask import polygon_mask
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS

REAL = Path(__file__).resolve().parents[3] / "shared" / "real" / "chestx_det" / "ChestX_Det_test.json"


@pytest.fixture
def root(tmp_path):
    return chestx_det.build(tmp_path / "det")


def test_rows(root):
    rows = sound_rows(open_dataset("chestx-det", root), root)
    assert [row.split for row in rows] == ["train"] * 3 + ["test"] * 2
    assert rows[1].images[0].path == "train_data/36205.png"
    assert rows[4].study_id == "test-36302"
    assert all(len(row.labels) == 12 for row in rows)  # nodule and diffuse nodule are one finding
    assert set(rows[0].labels.values()) == {0}
    assert {name for name, value in rows[1].labels.items() if value} == {"pleural effusion", "nodule"}
    assert set(rows[0].labels) <= set(FINDINGS)


def test_outlines_of_one_label_are_one_phrase(root):
    effusion, nodule = sound_rows(open_dataset("chestx-det", root), root)[1].phrases
    assert effusion.polygons == ((2, 20, 12, 28, 2, 28), (30, 20, 30, 28, 20, 28))
    assert effusion.boxes == ()
    assert nodule.text == "nodule"


def test_a_box_stands_in_where_there_is_no_outline(root):
    heart, nodules = sound_rows(open_dataset("chestx-det", root), root)[2].phrases
    assert heart.region == "cardiac silhouette"
    assert (nodules.text, nodules.finding) == ("diffuse nodules", "nodule")
    assert nodules.boxes == ((4, 4, 24, 16),)
    assert nodules.polygons == ()


@pytest.mark.parametrize("name", ["ChestX_Det_train.json", "ChestX_Det_test.json"])
def test_missing_or_damaged_file_is_named(root, name):
    whole = (root / name).read_text()
    for text in (whole[: len(whole) // 2], "", '{"images": []}'):
        (root / name).write_text(text)
        with pytest.raises(MapleError, match=name):
            open_dataset("chestx-det", root)
    (root / name).unlink()
    with pytest.raises(MapleError, match=name):
        open_dataset("chestx-det", root)


def test_no_images(root):
    shutil.rmtree(root / "train_data")
    with pytest.raises(MapleError, match="train_data"):
        open_dataset("chestx-det", root)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"boxes": [[8, 10, 24, 24], ', '"boxes": [', "in step"),
        ('"boxes": [[8, 10, 24, 24]', '"boxes": [[8, 10, 24]', "in step"),
        ('"polygons": [[[8, 10]', '"polygons": [[["a", 10]', "in step"),
        ('"Diffuse Nodule"', '"Nodules"', "Nodules"),
        ('"file_name": "36206.png"', '"name": "36206.png"', "file_name"),
        ("36206.png", "36207.png", "36207.png"),
    ],
)
def test_one_broken_entry_costs_one_study(root, old, new, words):
    change(root / "ChestX_Det_train.json", old, new)
    error = only_failure(open_dataset("chestx-det", root))
    assert "ChestX_Det_train.json" in error.subject
    assert words in error.problem


@pytest.mark.skipif(not REAL.is_file(), reason="real data not found beside the repository")
def test_every_image_of_the_real_file_is_understood():
    items = read_items(REAL)
    assert len(items) == 553
    seen: Counter[str] = Counter()
    for number, item in enumerate(items):
        phrases = image_phrases(item, str(number), item["file_name"])
        assert {phrase.finding for phrase in phrases} == {LABELS[name].finding for name in item["syms"]}
        assert sum(len(phrase.polygons) for phrase in phrases) == len(item["polygons"])
        seen.update(LABELS[name].text or LABELS[name].finding for name in item["syms"])
    assert seen["consolidation"] == 453
    assert seen["mass"] == 34


@pytest.mark.skipif(not REAL.is_file(), reason="real data not found beside the repository")
def test_real_outlines_are_drawn_where_their_boxes_are():
    off = [distance for item in read_items(REAL)[::10] for distance in _distances(item)]
    assert len(off) > 100
    assert np.mean(np.array(off) <= 2) > 0.9  # thin tips hold no pixel's centre


def _distances(item):
    """How far the box around each outline as we draw it is from the box of the file, in pixels."""
    for box, polygon in zip(item["boxes"], item["polygons"], strict=True):
        mask = polygon_mask([value for point in polygon for value in point], (1024, 1024))
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        drawn = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        yield np.abs(np.subtract(drawn, box)).max()


def test_json_with_numbers_that_are_not_whole(root):
    items = json.loads((root / "ChestX_Det_test.json").read_text())
    items[1]["polygons"][0][0] = [1.5, 1.25]
    (root / "ChestX_Det_test.json").write_text(json.dumps(items))
    rows = sound_rows(open_dataset("chestx-det", root), root)
    assert rows[4].phrases[0].polygons[0][:2] == (1.5, 1.25)
