"""CheXpert and CheXpert Plus from their official layouts."""

from __future__ import annotations

import shutil

import pytest
from miniatures import chexpert as small
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.errors import MapleError

PLUS = "df_chexpert_plus_240401.csv"
STUDIES = ["patient00001_study1", "patient00001_study2", "patient00002_study1", "patient64541_study1"]
VIEWS = [["AP", "LATERAL"], ["PA"], [None], ["AP"]]
LABELS = [{"device": 1, "edema": -1}, {}, {"pleural thickening": 1, "fracture": 0}, {"cardiomegaly": 1}]


@pytest.fixture
def root(tmp_path):
    return small.build(tmp_path)


@pytest.fixture
def plus(tmp_path):
    return small.build_plus(tmp_path / "plus")


def rows_of(name, root, **options):
    return sound_rows(open_dataset(name, root, **options), root)


@pytest.mark.parametrize("name", ["chexpert", "chexpert-plus"])
def test_studies(name, root, plus):
    rows = rows_of(name, root if name == "chexpert" else plus)
    assert [row.study_id for row in rows] == STUDIES
    assert [row.patient_id for row in rows] == [study.partition("_")[0] for study in STUDIES]
    assert [[image.view for image in row.images] for row in rows] == VIEWS
    assert [row.labels for row in rows] == LABELS
    assert [row.split for row in rows] == ["train"] * 3 + ["validate"]


@pytest.mark.parametrize("name", ["CheXpert-v1.0-small", "CheXpert-v1.0", "renamed"])
def test_the_folder_or_the_one_above(tmp_path, name):
    root = small.build(tmp_path / "above", name)
    rows = rows_of("chexpert", root)
    assert rows[0].images[0].path == "train/patient00001/study1/view2_frontal.jpg"
    if name != "renamed":
        assert [row.study_id for row in rows_of("chexpert", root.parent)] == STUDIES
    assert len(rows_of("chexpert", root, parts="valid")) == 1


def test_reports_without_what_names_people(plus):
    rows = rows_of("chexpert-plus", plus)
    assert rows[0].report == (
        "HISTORY: Cough.\n\nFINDINGS: Left lower lobe consolidation.\n\nIMPRESSION: 1. Pneumonia."
    )
    assert rows[2].report == "HISTORY: Cough.\n\nFINDINGS: Narrative only."
    assert all(small.SECRET not in repr(row) and "secret" not in repr(row) for row in rows)


def test_labels_may_be_missing_unless_asked_for(tmp_path):
    root = small.build_plus(tmp_path, labels=False)
    assert all(row.labels == {} for row in rows_of("chexpert-plus", root))
    with pytest.raises(MapleError, match=r"findings_fixed\.json"):
        open_dataset("chexpert-plus", root, labels="findings")
    with pytest.raises(MapleError, match="unknown"):
        open_dataset("chexpert-plus", root, labels="mine")


def test_images_elsewhere(tmp_path, plus):
    shutil.move(plus / "PNG", tmp_path / "pictures")
    with pytest.raises(MapleError, match=r"PNG\.zip"):
        open_dataset("chexpert-plus", plus)
    source = open_dataset("chexpert-plus", plus, images=tmp_path / "pictures")
    assert [row.study_id for row in sound_rows(source, source.root)] == STUDIES


@pytest.mark.parametrize("column", ["Path", "AP/PA", "Pleural Other"])
def test_missing_column_and_table(root, column):
    change(root / "train.csv", column, "other")
    with pytest.raises(MapleError, match=f"train.csv: no column {column}"):
        open_dataset("chexpert", root)
    (root / "train.csv").unlink()
    with pytest.raises(MapleError, match=r"train\.csv"):
        open_dataset("chexpert", root)
    with pytest.raises(MapleError, match="parts="):
        open_dataset("chexpert", root, parts="test")


def test_another_version_of_plus(tmp_path, plus):
    change(plus / PLUS, "section_findings", "findings")
    with pytest.raises(MapleError, match=f"{PLUS}: no column section_findings"):
        open_dataset("chexpert-plus", plus)
    (plus / PLUS).rename(plus / "df_chexpert_plus.csv")
    with pytest.raises(MapleError, match=PLUS):
        open_dataset("chexpert-plus", plus)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("study2/view1_frontal", "view1", "line 4"), ("PA,1.0", "PA,1.0,,,5", "'Lung Opacity' holds '5'")],
)
def test_one_broken_line_costs_one_study(root, old, new, words):
    text = (root / "train.csv").read_text()
    line = next(line for line in text.splitlines() if old in line)
    changed = line.replace(old, new)
    cells = changed.split(",")[: len(small.COLUMNS)]
    change(root / "train.csv", line, ",".join(cells))
    error = only_failure(open_dataset("chexpert", root))
    assert "train.csv" in error.subject
    assert words in error.problem


def test_half_a_download(root, plus):
    (root / "train/patient00002/study1/view1_frontal.jpg").unlink()
    assert "patient00002" in only_failure(open_dataset("chexpert", root)).subject
    (plus / "PNG/train/patient00002/study1/view1_frontal.png").unlink()
    assert "patient00002" in only_failure(open_dataset("chexpert-plus", plus)).subject


@pytest.mark.parametrize(("old", "new"), [('"Edema": -1.0}', '"Edema'), ('"Fracture"', '"Break"')])
def test_damaged_labels(plus, old, new):
    path = plus / "chexbert_labels" / "impression_fixed.json"
    text = path.read_text()
    path.write_text(text[: len(text) - 20] if "{" not in old and "}" in old else text.replace(old, new))
    with pytest.raises(MapleError, match=r"impression_fixed\.json"):
        open_dataset("chexpert-plus", plus)
