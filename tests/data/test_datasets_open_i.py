"""Open-i from both of its layouts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from miniatures import open_i as small
from miniatures.small_files import change
from source_contract import only_failure, sound_rows

from maple_lib.data.datasets import open_dataset
from maple_lib.data.datasets.mesh_codes import findings_of
from maple_lib.data.datasets.open_i import read_reports
from maple_lib.errors import MapleError
from maple_lib.reports import parse

REAL = Path(__file__).parents[3] / "shared" / "real" / "open_i_reports" / "indiana_reports.csv"


@pytest.fixture(params=["xml", "tables"])
def root(request, tmp_path, monkeypatch):
    with_images = {uid: report for uid, report in small.REPORTS.items() if report[2]}
    monkeypatch.setattr(small, "REPORTS", with_images)
    return getattr(small, f"build_{request.param}")(tmp_path / request.param)


def rows_of(root):
    return sound_rows(open_dataset("open-i", root), root)


def test_reports_in_the_order_of_their_numbers(root):
    rows = rows_of(root)
    assert [row.study_id for row in rows] == ["CXR1", "CXR2", "CXR10"]
    assert rows[0].report == (
        "INDICATION: Positive TB test\n\nCOMPARISON: None.\n\n"
        "FINDINGS: The lungs are clear. There are no XXXX of a pleural effusion.\n\n"
        "IMPRESSION: Normal chest x-XXXX."
    )
    assert "< 2 cm" in rows[1].report
    assert [row.labels for row in rows] == [{}, {"opacity": 1, "blunting": 1}, {"subcutaneous emphysema": 1}]
    assert ("opacity", "absent") in {(t.finding, t.existence) for t in parse(rows[0].report).triplets}


def test_both_downloads_say_the_same(tmp_path, root):
    other = small.build_tables(tmp_path / "both")
    for one, two in zip(rows_of(root), rows_of(other), strict=True):
        assert replace(one, images=()) == replace(two, images=())
        assert len(one.images) == len(two.images)


def test_a_report_without_images_is_named(tmp_path):
    for build in (small.build_xml, small.build_tables):
        root = build(tmp_path / build.__name__)
        assert "CXR3" in only_failure(open_dataset("open-i", root)).subject


def test_frontal_views_come_first(tmp_path):
    rows = list(open_dataset("open-i", small.build_tables(tmp_path)).rows(0, 2))
    assert [(image.image_id, image.view) for image in rows[0].images] == [
        ("1_IM-0001-4001", None),
        ("1_IM-0001-3001", "LATERAL"),
    ]


def test_a_caption_of_one_view_is_believed(tmp_path):
    rows = list(open_dataset("open-i", small.build_xml(tmp_path)).rows(0, 2))
    assert [image.view for image in rows[0].images] == [None, None]  # "PA and Lateral" for both
    assert [image.view for image in rows[1].images] == ["AP"]


def test_codes():
    assert findings_of(["normal"]) == findings_of(["No Indexing"]) == findings_of([""]) == {}
    assert findings_of(["Aorta/tortuous/mild", "Lymph nodes/enlarged"]) == {
        "tortuosity": 1,
        "lymphadenopathy": 1,
    }


def test_wrong_root(tmp_path):
    with pytest.raises(MapleError, match=r"ecgen-radiology.*indiana_reports\.csv"):
        open_dataset("open-i", tmp_path)


def test_images_not_unpacked(tmp_path):
    root = small.build_xml(tmp_path)
    (root / "NLMCXR_png").rename(tmp_path.parent / "elsewhere-png")
    with pytest.raises(MapleError, match="NLMCXR_png"):
        open_dataset("open-i", root)


@pytest.mark.parametrize(
    ("old", "new"), [("</eCitation>", ""), ('<uId id="CXR2"/>', ""), ("CXR2_IM", "CXR9_IM")]
)
def test_one_broken_report_costs_one_study(tmp_path, old, new, monkeypatch):
    monkeypatch.delitem(small.REPORTS, "3")
    root = small.build_xml(tmp_path)
    change(root / "ecgen-radiology" / "2.xml", old, new)
    error = only_failure(open_dataset("open-i", root))
    assert "2.xml" in error.subject or "CXR9_IM" in error.problem


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("indiana_reports.csv", "MeSH", "codes", "no column MeSH"),
        ("indiana_projections.csv", "projection", "view", "no column projection"),
        ("indiana_projections.csv", "Lateral", "Side", "'Side'"),
    ],
)
def test_damaged_tables(tmp_path, name, old, new, words):
    root = small.build_tables(tmp_path)
    change(root / name, old, new)
    with pytest.raises(MapleError, match=words) as caught:
        open_dataset("open-i", root)
    assert name in caught.value.subject


def test_missing_projections(tmp_path):
    root = small.build_tables(tmp_path)
    (root / "indiana_projections.csv").unlink()
    with pytest.raises(MapleError, match=r"indiana_projections\.csv"):
        open_dataset("open-i", root)


def test_the_real_table():
    if not REAL.is_file():
        pytest.skip("shared/real/open_i_reports is not here")
    reports = read_reports(REAL, {})
    assert len(reports) == 2877
    coded = [r for r in reports if r.codes not in (("normal",), ("No Indexing",))]
    assert sum(bool(findings_of(r.codes)) for r in coded) > 0.95 * len(coded)
    assert any("XXXX" in text for r in reports for text in r.sections.values())
