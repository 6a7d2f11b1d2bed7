"""The mended copy: what can be mended without asking is, the rest stays, and every change has a line."""

import pytest
from doctor_corpus import (
    FAULTS,
    change,
    change_image,
    lateral_first,
    make_corpus,
    planted,
    table,
    told,
)

from maple_lib.data.doctor import examine, fix
from maple_lib.data.table import StudyTable
from maple_lib.errors import MapleError


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return make_corpus(tmp_path_factory.mktemp("corpus"))


def test_the_mended_copy_keeps_only_what_a_person_must_decide(corpus):
    root, rows = corpus[0], list(corpus[1])
    planted(root, rows, FAULTS)
    path = table(root, rows)
    changes = fix(examine(path, workers=1, progress=False), path, root / "fixed.parquet")
    again = examine(root / "fixed.parquet", workers=1, progress=False)
    # A study without a report keeps its labels, a lateral without a frontal beside it stays, and nobody can
    # choose between two patients of one split.
    assert {check for check, _ in told(again)} == {
        "polarity", "wrong-view", "left-right", "label-report", "tiny-image", "identifier", "size-mismatch",
        "duplicate-report", "duplicate-image",
        "duplicate-id", "empty-report",
    }  # fmt: skip
    log = (root / "fixed.changes.csv").read_text().splitlines()
    assert len(log) == len(changes) + 1
    assert not any("Frankenstein" in line for line in log)
    assert {change.check for change in changes} >= {
        "missing-image",
        "box",
        "patient-across-splits",
        "wrong-view",
    }


def test_the_frontal_view_comes_first_in_the_mended_copy(corpus):
    root, rows = corpus[0], list(corpus[1])
    planted(root, rows, [lateral_first])
    path = table(root, rows)
    fix(examine(path, workers=1, progress=False), path, root / "frontal.parquet")
    mended = next(row for row in StudyTable(root / "frontal.parquet").rows() if row.study_id == "study-26")
    assert [image.image_id for image in mended.images] == ["image-26", "lateral"]


def test_a_clean_table_is_copied_as_it_is(corpus):
    root, rows = corpus
    path = table(root, rows)
    assert fix(examine(path, workers=1, progress=False), path, root / "same.parquet") == ()
    assert list(StudyTable(root / "same.parquet").rows()) == list(StudyTable(path).rows())


def test_a_patient_moves_to_the_split_of_most_studies_and_test_wins_ties(corpus):
    root, rows = corpus[0], list(corpus[1])
    for i, split in ((0, "train"), (1, "test")):
        change(rows, i, split=split)
    for i, split in ((20, "train"), (21, "train"), (22, "test")):
        change(rows, i, split=split, patient_id="three")
    path = table(root, rows)
    fix(examine(path, images=False, workers=1, progress=False), path, root / "moved.parquet")
    splits = {row.study_id: row.split for row in StudyTable(root / "moved.parquet").rows()}
    assert (splits["study-0"], splits["study-1"]) == ("test", "test")
    assert {splits[f"study-{i}"] for i in (20, 21, 22)} == {"train"}


def test_of_a_picture_in_two_splits_the_tested_copy_stays(corpus):
    root, rows = corpus[0], list(corpus[1])
    change(rows, 50, split="train")
    change(rows, 51, split="test")
    change_image(rows, 51, path=rows[50].images[0].path)
    path = table(root, rows)
    fix(examine(path, workers=1, progress=False), path, root / "once.parquet")
    kept = {row.study_id for row in StudyTable(root / "once.parquet").rows()}
    assert "study-51" in kept
    assert "study-50" not in kept


def test_a_table_is_never_written_over_and_a_diagnosis_belongs_to_its_table(corpus):
    root, rows = corpus
    path = table(root, rows)
    diagnosis = examine(path, images=False, workers=1, progress=False)
    with pytest.raises(MapleError, match="another name"):
        fix(diagnosis, path, path)
    with pytest.raises(MapleError, match="not what was examined"):
        fix(diagnosis, table(root, rows[:5], "few"), root / "out.parquet")
