"""The COVID-19 image collection from its repository's layout."""

from __future__ import annotations

import shutil

import pytest
from miniatures import covid
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.errors import MapleError


@pytest.fixture
def root(tmp_path):
    return covid.build(tmp_path / "covid")


def test_rows(root):
    rows = sound_rows(open_dataset("covid", root), root)
    assert [row.study_id for row in rows] == ["a-PA.jpeg", "b.png", "d.jpg", "e.jpg", "f.jpg"]
    assert [row.patient_id for row in rows] == ["2", "2", "4", "4", "5"]
    assert [[image.view for image in row.images] for row in rows] == [
        ["PA", "LATERAL"],
        ["AP"],
        ["PA"],
        ["PA"],
        ["AP"],
    ]
    assert [row.labels for row in rows] == [
        {"pneumonia": 1, "covid-19": 1},
        {"pneumonia": 1, "covid-19": 1},
        {"pneumonia": 0, "covid-19": 0},
        {},
        {"pneumonia": 1},
    ]


def test_notes_are_the_report_once(root):
    rows = sound_rows(open_dataset("covid", root), root)
    assert rows[0].report == "Opacity in the left upper lobe."
    assert rows[1].report == "Progressive infiltrate,\nboth lungs."
    assert rows[2].report == ""


def test_only_whole_dates_are_times(root):
    rows = sound_rows(open_dataset("covid", root), root)
    assert [row.images[0].time for row in rows] == ["2020-01-22", None, None, None, None]


def test_nothing_of_persons_is_kept(root):
    text = repr(list(open_dataset("covid", root).rows(0, 9)))
    assert "65" not in text
    assert "Hospital" not in text


def test_an_early_table_and_a_missing_one(root):
    change(root / "metadata.csv", "patientid", "Patientid")
    with pytest.raises(MapleError, match=r"metadata.csv: no column patientid"):
        open_dataset("covid", root)
    (root / "metadata.csv").unlink()
    with pytest.raises(MapleError, match=r"metadata\.csv"):
        open_dataset("covid", root)
    with pytest.raises(MapleError, match="no such folder"):
        open_dataset("covid", root / "nowhere")


def test_no_images(root):
    shutil.rmtree(root / "images")
    with pytest.raises(MapleError, match="images"):
        open_dataset("covid", root)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("d.jpg", "", "no filename"), ("d.jpg", "../d.jpg", "row 6"), ("\n4,", "\n,", "no patientid")],
)
def test_one_broken_line_costs_one_study(root, old, new, words):
    change(root / "metadata.csv", old, new)
    error = only_failure(open_dataset("covid", root))
    assert "metadata.csv" in error.subject
    assert words in error.problem


def test_half_a_download(root):
    (root / "images/b.png").unlink()
    assert "b.png" in only_failure(open_dataset("covid", root)).problem
