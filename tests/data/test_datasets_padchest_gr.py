"""PadChest-GR from its official layout."""

from __future__ import annotations

import shutil

import pytest
from miniatures import padchest_gr as small
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.padchest_labels import _MEANT
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS

REPORTS = "grounded_reports_20240819.json"


@pytest.fixture
def root(tmp_path):
    return small.build(tmp_path / "padchest")


def rows_of(root, **options):
    return sound_rows(open_dataset("padchest-gr", root, **options), root)


def test_studies(root):
    rows = rows_of(root)
    assert [row.study_id for row in rows] == [small.GROUNDED, small.NORMAL, small.MIXED]
    assert [(row.patient_id, row.split) for row in rows] == [
        ("839860488694292331637988235681460987", "train"),
        ("11", "validate"),
        ("12", "test"),
    ]
    assert rows[0].report == "Minimal biapical pleural thickening. Azygos lobe."
    assert [row.labels for row in rows] == [
        {"pleural thickening": 1, "azygos lobe": 1},
        {},
        {"cardiomegaly": 1, "pleural effusion": 0},
    ]
    assert set(_MEANT) <= set(FINDINGS)


def test_boxes_are_in_pixels(root):
    phrases = rows_of(root)[0].phrases
    assert [(p.text, p.finding) for p in phrases] == [
        ("Minimal biapical pleural thickening.", "pleural thickening"),
        ("Azygos lobe.", "azygos lobe"),
    ]
    (first, second) = phrases[0].boxes  # 40 rows, 20 columns
    assert first == pytest.approx((5, 4, 5, 4))
    assert second == pytest.approx((12, 4, 6, 4))
    both = rows_of(root, readers="both")[0].phrases[0].boxes
    assert both[:2] == (first, second)
    assert both[2] == pytest.approx((4, 2, 6, 8))


def test_spanish(root):
    row = rows_of(root, language="es")[0]
    assert row.phrases[0].text == "Mínimo engrosamiento pleural biapical."
    assert row.triplets == ()
    assert row.labels == rows_of(root)[0].labels


def test_the_table_as_it_is_offered(tmp_path, root):
    assert rows_of(small.build(tmp_path / "zip", zipped=True)) == rows_of(root)


@pytest.mark.parametrize("options", [{"language": "fr"}, {"readers": "second"}])
def test_unknown_options(root, options):
    with pytest.raises(MapleError, match="unknown"):
        open_dataset("padchest-gr", root, **options)


def test_damaged_downloads(tmp_path, root):
    path = root / REPORTS
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(MapleError, match=r"grounded_reports_20240819\.json: damaged JSON"):
        open_dataset("padchest-gr", root)
    path.write_text("{}")
    with pytest.raises(MapleError, match="not a list"):
        open_dataset("padchest-gr", root)
    with pytest.raises(MapleError, match=REPORTS):
        open_dataset("padchest-gr", tmp_path)
    zipped = small.build(tmp_path / "zip", zipped=True) / "master_table.csv.zip"
    zipped.write_bytes(zipped.read_bytes()[:100])
    with pytest.raises(MapleError, match=r"master_table\.csv\.zip"):
        open_dataset("padchest-gr", zipped.parent)


@pytest.mark.parametrize(
    ("old", "new", "words"), [("PatientID", "Patient", "no column PatientID"), ("validation", "dev", "'dev'")]
)
def test_another_table(root, old, new, words):
    path = root / "master_table.csv"
    header = path.read_text()
    path.write_text(header.replace(f",{old},", f",{new},"))
    with pytest.raises(MapleError, match=words):
        open_dataset("padchest-gr", root)


def test_no_images(root):
    shutil.rmtree(root / "Padchest_GR_files")
    with pytest.raises(MapleError, match="Padchest_GR_files"):
        open_dataset("padchest-gr", root)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[0.25, 0.1, 0.5, 0.2]", "[0.25, 0.1, 0.5, 1.2]"),
        ("[0.25, 0.1, 0.5, 0.2]", "[0.25, 0.1, 0.5]"),
        ('"abnormal": true', '"normal": false'),
        ('"findings"', '"sentences"'),
        (small.GROUNDED + '"', '9"'),
    ],
)
def test_one_broken_study_costs_one_study(root, old, new):
    change(root / REPORTS, old, new)
    only_failure(open_dataset("padchest-gr", root))


def test_half_an_image(root):
    path = root / "Padchest_GR_files" / "PadChest_GR" / small.image_name(small.MIXED)
    path.write_bytes(path.read_bytes()[:12])
    assert only_failure(open_dataset("padchest-gr", root)).subject == str(path)
    path.unlink()
    assert small.MIXED in only_failure(open_dataset("padchest-gr", root)).problem
