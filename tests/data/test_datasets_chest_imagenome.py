"""Chest ImaGenome from its official layout."""

from __future__ import annotations

import shutil

import pytest
from miniatures import chest_imagenome as small
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.chest_imagenome import regions_by_image
from maple_lib.data.datasets.imagenome_graph import _MEANT
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS

GRAPHS, SPLITS = "silver_dataset/scene_graph", "silver_dataset/splits"


@pytest.fixture
def root(tmp_path):
    return small.build(tmp_path / "imagenome")


@pytest.fixture
def images(tmp_path):
    return small.build_images(tmp_path / "mimic")


def rows_of(root, images, **options):
    source = open_dataset("chest-imagenome", root, images=images, **options)
    return sound_rows(source, source.root)


def test_images_of_one_examination_are_one_study(root, images):
    rows = rows_of(root, images)
    assert [(row.study_id, row.patient_id, row.split) for row in rows] == [
        ("50414267", "10000032", "train"),
        ("57375967", "10000764", "validate"),
    ]
    assert [(image.image_id, image.view) for image in rows[0].images] == [(small.PA, "PA"), (small.AP, "AP")]


def test_gold_patients_are_left_out_or_kept_as_test(root, images):
    kept = rows_of(root, images, gold=True)[-1]
    assert (kept.images[0].image_id, kept.split) == (small.GOLD, "test")


def test_boxes_are_on_the_image_and_what_is_not_visible_is_absent(root, images):
    regions = {(r.image_id, r.name): r.box for r in rows_of(root, images)[0].regions}
    seen = {"right lung", "left lung", "left lower lung zone", "cardiac silhouette"}
    assert set(regions) == {(image, name) for image in (small.PA, small.AP) for name in seen}
    assert all(box == small.BOXES[name] for (_, name), box in regions.items())
    assert {r.source for r in rows_of(root, images)[0].regions} == {"chest-imagenome"}


def test_statements(root, images):
    row = rows_of(root, images)[0]
    assert row.report.split("\n") == [
        "Sternotomy wires.",
        "No pneumothorax is seen.",
        "Left basal opacity, atelectasis.",
    ]
    assert {(row.report[slice(*t.span)], *t.key) for t in row.triplets} == {
        ("Sternotomy wires.", "cardiac silhouette", "wire", "present"),
        ("No pneumothorax is seen.", "left lung", "pneumothorax", "absent"),
        ("No pneumothorax is seen.", "right lung", "pneumothorax", "absent"),
        ("Left basal opacity, atelectasis.", "left lung", "opacity", "present"),
        ("Left basal opacity, atelectasis.", "left lower lung zone", "opacity", "present"),
        ("Left basal opacity, atelectasis.", "left lower lung zone", "atelectasis", "present"),
    }
    assert row.labels == {"wire": 1, "pneumothorax": 0, "opacity": 1, "atelectasis": 1}
    assert {name for names in _MEANT.values() for name in names} <= set(FINDINGS)


def test_regions_by_image_joins(root):
    found = regions_by_image(root)
    assert sorted(found) == sorted(small.IMAGES)
    assert len(found) == 4
    assert {r.name for r in found[small.PA]} == set(small.BOXES) - {"svc", "right cardiophrenic angle"}
    assert found.get("unknown", ()) == ()
    assert regions_by_image(root / "silver_dataset")[small.PA] == found[small.PA]


def test_unpacked_in_a_folder_of_its_own(root):
    deeper = root / GRAPHS / "scene_graph"
    shutil.copytree(root / GRAPHS, root / "copy")
    shutil.rmtree(root / GRAPHS)
    shutil.move(root / "copy", deeper)
    assert small.PA in regions_by_image(root)


def test_not_unpacked_wrong_root_missing_column(tmp_path, root, images):
    with pytest.raises(MapleError, match=r"scene_graph\.zip"):
        open_dataset("chest-imagenome", images)
    change(root / SPLITS / "valid.csv", "dicom_id", "image")
    with pytest.raises(MapleError, match=r"valid\.csv: no column dicom_id"):
        open_dataset("chest-imagenome", root, images=images)
    (root / SPLITS / "images_to_avoid.csv").unlink()
    with pytest.raises(MapleError, match=r"images_to_avoid\.csv"):
        open_dataset("chest-imagenome", root, images=images)


def test_a_table_cut_off(root, images):
    path = root / SPLITS / "train.csv"
    path.write_text(path.read_text()[:-60])
    with pytest.raises(MapleError, match=r"train\.csv"):
        open_dataset("chest-imagenome", root, images=images)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"objects"', '"things"'),
        ('"original_x1": 2', '"original_x1": "left"'),
        ('"phrase_IDs"', '"ids"'),
        ("anatomicalfinding|no|", "anatomicalfinding "),
        ("}", ""),
    ],
)
def test_one_broken_graph_costs_one_study(root, images, old, new):
    path = root / GRAPHS / f"{small.VALID}_SceneGraph.json"
    change(path, old, new)
    assert only_failure(open_dataset("chest-imagenome", root, images=images)).subject == str(path)


def test_missing_graph_and_image(root, images):
    (images / small.image_path(small.VALID, ".jpg")).unlink()
    assert small.VALID in only_failure(open_dataset("chest-imagenome", root, images=images)).subject
    small.build_images(images)
    (root / GRAPHS / f"{small.VALID}_SceneGraph.json").unlink()
    assert small.VALID in only_failure(open_dataset("chest-imagenome", root, images=images)).subject
