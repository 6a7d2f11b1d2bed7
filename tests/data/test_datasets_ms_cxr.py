"""MS-CXR from its official layout."""

from __future__ import annotations

import json

import pytest
from miniatures import ms_cxr as small
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.ms_cxr import phrases_by_image
from maple_lib.errors import MapleError

CSV, JSON = "MS_CXR_Local_Alignment_v1.1.0.csv", "MS_CXR_Local_Alignment_v1.1.0.json"


@pytest.fixture
def root(tmp_path):
    return small.build(tmp_path / "ms-cxr")


@pytest.fixture
def images(tmp_path):
    return small.build_images(tmp_path / "mimic")


def rows_of(root, images, **options):
    source = open_dataset("ms-cxr", root, images=images, **options)
    return sound_rows(source, source.root)


def test_one_study_an_annotated_image(root, images):
    rows = rows_of(root, images)
    assert [row.images[0].image_id for row in rows] == [small.FIRST, small.SECOND, small.SAME, small.OTHER]
    assert [row.study_id for row in rows] == ["50414267", "57375967", "57375967_2", "51029426"]
    assert [row.patient_id for row in rows] == ["10000032", "10000764", "10000764", "11000011"]
    assert [row.split for row in rows] == ["train", "validate", "validate", "test"]
    assert {(row.images[0].rows, row.images[0].columns) for row in rows} == {(small.ROWS, small.COLS)}


def test_boxes_of_one_phrase_are_together(root, images):
    first = rows_of(root, images)[0]
    assert [(p.text, p.finding, len(p.boxes)) for p in first.phrases] == [
        ("small left apical pneumothorax", "pneumothorax", 1),
        ("opacities at both bases", "opacity", 2),
    ]
    assert first.phrases[1].boxes == ((2, 26, 10, 8), (18, 26, 10, 8))
    assert first.labels == {"pneumothorax": 1, "opacity": 1}


@pytest.mark.parametrize("version", ["1.1.0", "1.0.0"])
def test_table_and_coco_say_the_same(tmp_path, images, version):
    root = small.build(tmp_path / version, version)
    names = [f"MS_CXR_Local_Alignment_v{version}.{end}" for end in ("csv", "json")]
    table, coco = (rows_of(root, images, table=name) for name in names)
    assert table == coco == rows_of(root, images)
    assert phrases_by_image(root / names[0]) == phrases_by_image(root / names[1]) == phrases_by_image(root)
    assert (table[0].split is None) == (version == "1.0.0")


@pytest.mark.parametrize("suffix", [".dcm", ".jpg"])
def test_images_of_either_release(tmp_path, root, suffix):
    images = small.build_images(tmp_path / "images", suffix)
    assert all(row.images[0].path.endswith(suffix) for row in rows_of(root, images))
    assert [r.study_id for r in rows_of(root, images / "files")] == [
        r.study_id for r in rows_of(root, images)
    ]


def test_images_beside_the_tables_need_no_option(root):
    small.build_images(root)
    assert len(sound_rows(open_dataset("ms-cxr", root), root)) == 4


def test_wrong_root_and_missing_column(tmp_path, root, images):
    with pytest.raises(MapleError, match=r"MS_CXR_Local_Alignment_v1\.1\.0\.csv"):
        open_dataset("ms-cxr", images)
    with pytest.raises(MapleError, match="nowhere"):
        open_dataset("ms-cxr", root, images=tmp_path / "nowhere")
    change(root / CSV, "label_text", "text")
    with pytest.raises(MapleError, match=r"v1\.1\.0\.csv: no column label_text"):
        open_dataset("ms-cxr", root, images=images)


@pytest.mark.parametrize("cut", [0.3, 0.97])
def test_half_a_json(root, images, cut):
    text = (root / JSON).read_text()
    (root / JSON).write_text(text[: int(len(text) * cut)])
    with pytest.raises(MapleError, match="damaged JSON"):
        open_dataset("ms-cxr", root, images=images, table=JSON)


@pytest.mark.parametrize("damage", [{"annotations": [{}]}, [], {"categories": 3}])
def test_another_json(root, images, damage):
    whole = json.loads((root / JSON).read_text())
    (root / JSON).write_text(json.dumps({**whole, **damage} if isinstance(damage, dict) else damage))
    with pytest.raises(MapleError, match=JSON.replace(".", r"\.")):
        phrases_by_image(root / JSON)


@pytest.mark.parametrize("box", ["10,18,0,12", "10,x,14,12", "10,18"])
def test_one_broken_line_costs_one_study(root, images, box):
    change(root / CSV, "10,18,14,12", box)
    error = only_failure(open_dataset("ms-cxr", root, images=images))
    assert "line 5" in error.problem
    with pytest.raises(MapleError, match="line 5"):
        phrases_by_image(root)


def test_a_path_without_ids_and_a_missing_image(root, images):
    change(root / CSV, small.image_path(small.OTHER, ".jpg"), "x.jpg")
    assert "x.jpg" in only_failure(open_dataset("ms-cxr", root, images=images)).problem
    small.build(root)
    (images / small.image_path(small.OTHER, ".jpg")).unlink()
    assert small.OTHER in only_failure(open_dataset("ms-cxr", root, images=images)).subject


def test_an_unknown_split(root, images):
    change(root / CSV, ",test", ",holdout")
    assert "holdout" in only_failure(open_dataset("ms-cxr", root, images=images)).problem
