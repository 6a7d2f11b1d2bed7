"""MIMIC-CXR in both releases: official files in, the right image first, one clear error for each bad file."""

from __future__ import annotations

import gzip
import json
import pickle
from itertools import pairwise

import pytest
from miniatures import mimic

from maple_lib.data import ms_cxr
from maple_lib.data.datasets import dataset_info, open_dataset
from maple_lib.data.datasets.mimic_labels import CHEXPERT, label_finding
from maple_lib.data.rows import VIEWS
from maple_lib.data.scene_graph import SUFFIX, scene_graph
from maple_lib.data.sources import load_studies, recognise
from maple_lib.data.study import Phrase
from maple_lib.errors import MapleError
from maple_lib.vocabulary import finding

COUNT = 12
TABLES = {
    "mimic-cxr": ("cxr-record-list.csv.gz",),
    "mimic-cxr-jpg": (
        "mimic-cxr-2.0.0-metadata.csv.gz",
        "mimic-cxr-2.0.0-split.csv.gz",
        "mimic-cxr-2.0.0-chexpert.csv.gz",
    ),
}
BAD = [(name, table) for name, tables in TABLES.items() for table in tables]


@pytest.fixture
def roots(tmp_path):
    """Both releases, without images."""
    mimic.build_dicom(tmp_path / "mimic-cxr", COUNT, images=False)
    mimic.build_jpg(tmp_path / "mimic-cxr-jpg", COUNT, images=False)
    return {name: tmp_path / name for name in TABLES}


def rows(name, root, **options):
    source = open_dataset(name, root, **options)
    return list(source.rows(0, len(source)))


def rewrite(path, change):
    path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()).decode()).encode()))


def test_both_releases_give_the_same_studies(roots):
    dicom = rows("mimic-cxr", roots["mimic-cxr"], jpg=roots["mimic-cxr-jpg"])
    jpg = rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"], reports=roots["mimic-cxr"])
    assert [row.study_id for row in dicom] == [exam.study for exam in mimic.exams(COUNT)]
    for one, other, exam in zip(dicom, jpg, mimic.exams(COUNT), strict=True):
        assert one.report == other.report == mimic.report(exam.number)
        assert (one.labels, one.split, one.patient_id) == (other.labels, exam.split, exam.subject)
        assert [i.path.replace(".dcm", ".jpg") for i in one.images] == [i.path for i in other.images]
        assert one.images[0].path == f"{exam.folder}/s{exam.study}/{one.images[0].image_id}.dcm"
        assert {i.image_id for i in one.images} == {name for name, _ in exam.images}
        assert {(i.rows, i.columns) for i in one.images} == {(mimic.ROWS, mimic.COLUMNS)}


def test_the_first_image_is_the_one_to_look_at(roots):
    found = rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"])
    views = [[image.view for image in row.images] for row in found[: len(mimic.VIEWS)]]
    assert views == [
        ["PA", "LATERAL"],
        ["AP"],
        ["AP", "LATERAL"],
        ["PA", "AP", "LATERAL"],
        ["AP", "AP"],
        ["PA"],
    ]
    plain = found[4].images[0]  # ViewPosition is blank, its code says antero-posterior; the other is AP LLD
    assert dict(mimic.exams(5)[4].images)[plain.image_id] == ""


@pytest.mark.parametrize(
    ("said", "meant", "view"),
    [
        ("PA", "", "PA"), ("AP", "", "AP"), ("LL", "", "LATERAL"), ("LATERAL", "", "LATERAL"),
        ("XTABLE LATERAL", "", "LATERAL"), ("PA RLD", "", "PA"), ("AP AXIAL", "", "AP"), ("LAO", "", None),
        ("SWIMMERS", "", None), ("", "", None), ("", "postero-anterior", "PA"),
        ("", "left lateral", "LATERAL"),
    ],
)  # fmt: skip
def test_view_names_of_the_official_table(said, meant, view):
    import pandas as pd

    from maple_lib.data.datasets.mimic_views import views_of

    blank = [value or None for value in (said, meant)]
    found, ranks = views_of(pd.Series(blank[:1], dtype=object), pd.Series(blank[1:], dtype=object))
    assert found == [view]
    assert view is None or view in VIEWS
    assert (ranks[0] <= 2) == (view in ("PA", "AP"))


def test_ranks_order_views():
    import pandas as pd

    from maple_lib.data.datasets.mimic_views import views_of

    order = ["PA", "AP", "AP LLD", "LAO", "LL"]
    _, ranks = views_of(pd.Series(order), pd.Series([None] * 5, dtype=object))
    assert all(a < b for a, b in pairwise(ranks))


def test_frontal_views_only(roots):
    found = rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"], views="frontal")
    assert {image.view for row in found for image in row.images} == {"PA", "AP"}
    with pytest.raises(MapleError, match=r"give jpg=FOLDER"):
        open_dataset("mimic-cxr", roots["mimic-cxr"], views="frontal")
    with pytest.raises(MapleError, match="use 'all' or 'frontal'"):
        open_dataset("mimic-cxr", roots["mimic-cxr"], views="lateral")


def test_times_are_iso_and_regain_their_zeros(roots):
    assert rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"])[0].images[0].time == "2110-05-06T08:28:03"


@pytest.mark.parametrize(("labeller", "item"), [("chexpert", 0), ("negbio", 1)])
def test_labels_of_both_labellers(roots, labeller, item):
    for row, exam in zip(
        rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"], labels=labeller), mimic.exams(COUNT), strict=True
    ):
        official = dict(zip(mimic.LABELS, mimic.labels(exam.number, item), strict=True))
        official.pop("No Finding")
        assert row.labels == {label_finding(k): int(float(v)) for k, v in official.items() if v}
    assert all(not row.labels for row in rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"], labels="none"))


def test_every_label_has_one_finding_of_the_vocabulary():
    said = {label: label_finding(label) for label in CHEXPERT}
    assert said.pop("No Finding") is None
    assert all(finding(name).chexpert == label for label, name in said.items())
    assert len(set(said.values())) == 13


def test_without_the_tables_of_the_jpg_release_nothing_is_made_up(roots):
    for row in rows("mimic-cxr", roots["mimic-cxr"]):
        assert (row.split, row.labels, row.images[0].view, row.images[0].rows) == (None, {}, None, None)
        assert row.report
    mimic.build_jpg(roots["mimic-cxr"], COUNT, images=False)  # the tables copied beside the DICOM release
    assert rows("mimic-cxr", roots["mimic-cxr"])[0].images[0].view == "PA"


def test_reports_are_found_where_the_archive_was_unpacked(roots, tmp_path):
    inner = tmp_path / "elsewhere" / "mimic-cxr-reports"
    mimic.write_reports(inner, mimic.exams(COUNT))
    for folder in (inner.parent, inner, inner / "files"):
        assert rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"], reports=folder)[3].report == mimic.report(3)
    assert rows("mimic-cxr", roots["mimic-cxr"], reports="none")[0].report == ""
    with pytest.raises(MapleError, match=r"unzip mimic-cxr-reports\.zip"):
        open_dataset("mimic-cxr-jpg", roots["mimic-cxr-jpg"], reports=tmp_path / "mimic-cxr-reports.zip")
    with pytest.raises(MapleError, match=r"nor any other report.*reports=FOLDER"):
        open_dataset("mimic-cxr", roots["mimic-cxr"], reports=roots["mimic-cxr-jpg"])


def test_a_missing_report_costs_one_study(roots):
    exam = mimic.exams(COUNT)[5]
    (roots["mimic-cxr"] / exam.folder / f"s{exam.study}.txt").unlink()
    found = rows("mimic-cxr", roots["mimic-cxr"])
    assert [isinstance(row, MapleError) for row in found] == [i == 5 for i in range(COUNT)]
    assert "mimic-cxr-reports.zip" in found[5].remedy
    assert exam.study in found[5].subject


def test_images_on_the_disk_are_read_and_missing_ones_left_out_on_request(tmp_path):
    exams = mimic.build_dicom(tmp_path, 3, images=True)
    mimic.build_jpg(tmp_path, 3, images=True)
    for name in TABLES:
        studies = load_studies(name, root=tmp_path, parse=False)
        assert [s.image.view for s in studies] == ["PA", "AP", "AP"]
        assert studies[0].image.pixels.shape == (mimic.ROWS, mimic.COLUMNS)
        assert studies[0].at(studies[0].images[1].image_id).image.view == "LATERAL"
    shown = {name for exam in exams for name, view in exam.images if view == "PA"}
    for path in tmp_path.rglob("*.jpg"):
        if path.stem not in shown:
            path.unlink()
    studies = load_studies("mimic-cxr-jpg", root=tmp_path, present=True)
    assert [s.study_id for s in studies] == [exams[0].study]
    assert [len(s.images) for s in studies] == [1]
    assert len(studies.failures) == 2
    assert len(studies) == 3
    with pytest.raises(MapleError, match="download the images of this study"):
        studies[1]
    assert [s.study_id for s in studies[:1]] == [exams[0].study]
    assert pickle.loads(pickle.dumps(studies))[0].study_id == exams[0].study


def test_phrases_and_regions_of_other_datasets_join_by_image(roots, tmp_path):
    exam = mimic.exams(1)[0]
    first, second = (name for name, _ in exam.images)
    phrase = Phrase("left basal opacity", "opacity", ((1, 2, 3, 4),))
    path = f"{exam.folder}/s{exam.study}/{first}.jpg"
    lines = ms_cxr.rows(first, path, (mimic.ROWS, mimic.COLUMNS), "train", [phrase])
    ms_cxr.write_phrases(tmp_path / "MS_CXR_Local_Alignment_v1.1.0.csv", lines)
    graph = scene_graph(second, "PA", (mimic.ROWS, mimic.COLUMNS), {"spine": (10, 2, 30, 40)}, (), ())
    graphs = tmp_path / "silver_dataset" / "scene_graph"
    graphs.mkdir(parents=True)
    (graphs / f"{second}{SUFFIX}").write_text(json.dumps(graph))
    found = rows("mimic-cxr-jpg", roots["mimic-cxr-jpg"], ms_cxr=tmp_path, imagenome=tmp_path)
    assert [(p.image_id, p.text, p.boxes) for p in found[0].phrases] == [
        (first, "left basal opacity", ((1, 2, 3, 4),))
    ]
    assert [(r.image_id, r.name, r.box) for r in found[0].regions] == [(second, "spine", (10, 2, 30, 40))]
    assert all(not row.phrases and not row.regions for row in found[1:])


@pytest.mark.parametrize(("name", "table"), BAD)
def test_a_missing_file_is_named(roots, name, table):
    (roots[name] / table).unlink()
    with pytest.raises(MapleError, match=rf"{table.removesuffix('.gz')}.*no such file.*MIMIC-CXR"):
        open_dataset(name, roots[name])


@pytest.mark.parametrize(("name", "table"), BAD)
def test_a_missing_column_is_named(roots, name, table):
    rewrite(roots[name] / table, lambda text: text.replace("study_id", "StudyInstance", 1))
    with pytest.raises(MapleError, match=rf"{table}.*no column study_id.*official file of MIMIC-CXR"):
        open_dataset(name, roots[name])


@pytest.mark.parametrize(("name", "table"), BAD)
@pytest.mark.parametrize("damage", ["half", "text", "empty"])
def test_half_a_download_is_named(roots, name, table, damage):
    path = roots[name] / table
    content = path.read_bytes()
    path.write_bytes(
        {"half": content[: len(content) // 2], "text": b"<html>log in</html>", "empty": b""}[damage]
    )
    with pytest.raises(MapleError, match=rf"{table}.*(damaged|download it again)") as error:
        open_dataset(name, roots[name])
    assert "MIMIC-CXR" in str(error.value)


@pytest.mark.parametrize(
    ("table", "old", "new", "says"),
    [
        ("split", ",train", ",training", "column 'split' holds 'training'"),
        ("chexpert", ",1.0", ",yes", r"column '.*' holds 'yes'"),
        ("metadata", f",{mimic.ROWS},", ",tall,", "column 'Rows' holds something other"),
    ],
)
def test_values_of_another_version_are_named(roots, table, old, new, says):
    root = roots["mimic-cxr-jpg"]
    rewrite(root / f"mimic-cxr-2.0.0-{table}.csv.gz", lambda text: text.replace(old, new, 1))
    with pytest.raises(MapleError, match=says):
        open_dataset("mimic-cxr-jpg", root)


def test_a_list_cut_off_in_a_line_is_named(roots):
    path = roots["mimic-cxr"] / "cxr-record-list.csv.gz"
    rewrite(path, lambda text: text[: text.rindex(",5")])
    with pytest.raises(MapleError, match=r"cxr-record-list.*line \d+: an id is missing.*cut off"):
        open_dataset("mimic-cxr", roots["mimic-cxr"])


def test_a_wrong_root_is_recognised(roots, tmp_path):
    assert recognise(roots["mimic-cxr"]) == "mimic-cxr"
    assert recognise(roots["mimic-cxr-jpg"]) == "mimic-cxr-jpg"
    assert recognise(tmp_path) is None
    with pytest.raises(MapleError, match="looks like the download of mimic-cxr-jpg"):
        load_studies("mimic-cxr", root=roots["mimic-cxr-jpg"])
    with pytest.warns(UserWarning, match="plain folder"), pytest.raises(MapleError, match="mimic-cxr-jpg"):
        load_studies(roots["mimic-cxr-jpg"])
    with pytest.raises(MapleError, match=r"no such folder.*official MIMIC-CXR"):
        load_studies("mimic-cxr", root=tmp_path / "missing")
    with pytest.raises(MapleError, match="missing a required argument: 'root'"):
        load_studies("mimic-cxr")


@pytest.mark.parametrize("name", TABLES)
def test_the_card_says_what_one_must_know(name):
    card = dataset_info(name)
    assert card.name == name
    assert "Credentialed Health Data License" in card.licence
    assert "identify" in card.forbids
    assert all((card.home, card.size, card.cite))


def test_a_report_that_cannot_be_read_costs_one_study(roots):
    path = next(roots["mimic-cxr"].rglob("s*.txt"))
    path.unlink()
    path.mkdir()
    source = open_dataset("mimic-cxr", roots["mimic-cxr"])
    (error,) = (row for row in source.rows(0, len(source)) if isinstance(row, MapleError))
    assert error.subject == str(path)
    assert "a report that cannot be read (Is a directory)" in error.problem
