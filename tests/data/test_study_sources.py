"""Datasets by name or folder: all that can be used, and one warning about the rest."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from PIL import Image as Pillow

from maple_lib.data.folder import read_folder
from maple_lib.data.sources import list_sources, load_studies
from maple_lib.data.study_list import StudyList
from maple_lib.errors import MapleError

GREY = np.linspace(0, 255, 100).astype(np.uint8).reshape(10, 10)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("b.png", "inner/a.png", "c.jpg"):
        Pillow.fromarray(GREY).save(tmp_path / name)
    (tmp_path / "b.txt").write_text("FINDINGS: Small left pleural effusion.")
    (tmp_path / "notes.md").write_text("not an image, not a report")
    return tmp_path


def test_a_folder_of_images_and_reports(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        studies = load_studies(folder, parse=False)
    assert [s.study_id for s in studies] == ["b", "c", "inner/a"]
    assert studies[0].report.startswith("FINDINGS")
    assert studies[1].report == ""
    assert studies[2].image.pixels.shape == (10, 10)
    assert studies[:2][1].study_id == "c"


def test_reports_are_parsed_unless_told_not_to(folder):
    keys = {t.key for t in load_studies(str(folder))[0].triplets}
    assert ("left costophrenic angle", "pleural effusion", "present") in keys
    assert load_studies(folder, parse=False)[0].triplets == ()


def test_what_cannot_be_used_is_named_once_and_the_rest_is_kept(folder):
    (folder / "text.dcm").write_text("not an image")
    Pillow.fromarray(GREY).save(folder / "b.jpeg")
    with pytest.warns(UserWarning, match=r"2 of 5 skipped.*") as caught:
        studies = read_folder(folder, parse=False)
    assert len(caught) == 1
    assert len(studies) == 3
    assert {f.subject.rsplit("/", 1)[-1] for f in studies.failures} == {"text.dcm", "b.png"}


def test_readable_finds_images_that_cannot_be_decoded(folder):
    whole = (folder / "c.jpg").read_bytes()
    (folder / "c.jpg").write_bytes(whole[: len(whole) // 2])
    studies = read_folder(folder, parse=False)
    assert len(studies) == 3
    with pytest.warns(UserWarning, match=r"1 of 3 skipped.*c\.jpg"):
        good = studies.readable()
    assert isinstance(good, StudyList)
    assert [s.study_id for s in good] == ["b", "inner/a"]


def test_reports_in_an_old_encoding_are_read(folder):
    (folder / "b.txt").write_bytes("Épanchement".encode("latin-1"))
    assert load_studies(folder, parse=False)[0].report == "Épanchement"


def test_a_report_says_its_encoding_where_it_can(folder):
    (folder / "b.txt").write_bytes("Épanchement".encode("utf-16"))
    assert load_studies(folder, parse=False)[0].report == "Épanchement"
    (folder / "b.txt").write_bytes(b"Findings:\r\n\tClear.\f\x1a")
    assert load_studies(folder, parse=False)[0].report.startswith("Findings:")


@pytest.mark.parametrize(
    "garbage", [b"PK\x03\x04\x00\x00", b"\x89PNG\r\n\x1a\n\x00", b"text\x07", b"\xff\xfea"]
)
def test_binary_garbage_is_no_report(folder, garbage):
    (folder / "b.txt").write_bytes(garbage)
    with pytest.warns(UserWarning, match=r"b\.txt: no text"):
        studies = load_studies(folder, parse=False)
    assert [study.study_id for study in studies] == ["c", "inner/a"]


def test_sources_that_do_not_exist(tmp_path):
    for source, says in [("nonsense", "give a folder or one of: phantom, samples"), (tmp_path, "no images")]:
        with pytest.raises(MapleError, match=says):
            load_studies(source)
    file = tmp_path / "a.png"
    Pillow.fromarray(GREY).save(file)
    with pytest.raises(MapleError, match="use read_image"):
        load_studies(file)


def test_wrong_options_are_named_with_the_right_ones(folder):
    with pytest.raises(MapleError, match=r"colour.*its options are: root, parse"):
        load_studies(folder, colour=True)


def test_every_registered_reader_exists():
    from maple_lib.data.sources import _reader

    assert {"phantom", "samples", "folder"} <= set(list_sources())
    for name in list_sources():
        assert callable(_reader(name))


def test_phantoms_by_name():
    studies = load_studies("phantom", n=2, seed=3, size=64, difficulty="easy")
    assert len(studies) == 2
    assert studies[1].image.pixels.shape == (64, 64)
