"""An ingest loses nothing and doubles nothing, whatever interrupts it, and never mixes two datasets."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from miniatures import mimic
from PIL import Image as Pillow

from maple_lib.data.folder import FolderSource
from maple_lib.data.sources import load_studies
from maple_lib.data.table import StudyTable, ingest, ingesting, validate_table
from maple_lib.data.table.failures import failures_path
from maple_lib.data.table.parts import CARD, parts_folder
from maple_lib.errors import MapleError

COUNT = 13


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A MIMIC-CXR-JPG in small, without images, its reports beside."""
    folder = tmp_path_factory.mktemp("mimic")
    mimic.write_reports(folder, mimic.build_jpg(folder, COUNT, images=False))
    return folder


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(ingesting, "CHUNK", 4)


def make(root, out, **options):
    given = {"workers": 1, "progress": False, "reports": root, **options}
    return ingest("mimic-cxr-jpg", root, out, **given)


def content(path):
    return pq.read_table(path).replace_schema_metadata(None)


def test_the_table_holds_what_the_reader_gives(root, tmp_path):
    summary = make(root, tmp_path / "t.parquet")
    table = StudyTable(tmp_path / "t.parquet")
    lazily = load_studies("mimic-cxr-jpg", root=root, reports=root)
    assert [s.study_id for s in table] == [e.study for e in mimic.exams(COUNT)]
    for one, other in zip(table, lazily, strict=True):
        assert (one.study_id, one.report, one.labels, one.images) == (
            other.study_id, other.report, other.labels, other.images,
        )  # fmt: skip
        assert one.triplets == other.triplets
        assert one.triplets
    assert summary.counts["studies"] == summary.counts["with_report"] == COUNT
    assert summary.counts["images"] == sum(len(e.images) for e in mimic.exams(COUNT))
    assert summary.counts["statements"] == sum(len(s.triplets) for s in table)
    assert summary.skipped == ()
    assert summary.problems == ()
    assert table.info.dataset == "mimic-cxr-jpg"
    assert table.root == root
    assert table.info.counts == summary.counts
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.parquet"]
    assert validate_table(tmp_path / "t.parquet").problems == ()


def test_processes_and_chunks_make_no_difference(root, tmp_path, monkeypatch):
    make(root, tmp_path / "one.parquet")
    make(root, tmp_path / "two.parquet", workers=2)
    monkeypatch.setattr(ingesting, "CHUNK", 5)
    make(root, tmp_path / "five.parquet")
    expected = content(tmp_path / "one.parquet")
    assert content(tmp_path / "two.parquet").equals(expected)
    assert content(tmp_path / "five.parquet").equals(expected)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_interrupted_and_continued_equals_uninterrupted(root, tmp_path, monkeypatch, after):
    out, done = tmp_path / "t.parquet", []
    real = ingesting.make_part

    def stopping(job, number):
        if len(done) == after:
            raise KeyboardInterrupt
        done.append(number)
        return real(job, number)

    monkeypatch.setattr(ingesting, "make_part", stopping)
    with pytest.raises(KeyboardInterrupt):
        make(root, out)
    assert not out.exists()
    assert len(list(parts_folder(out).glob("*.parquet"))) == after
    again = []
    monkeypatch.setattr(ingesting, "make_part", lambda job, number: again.append(number) or real(job, number))
    summary = make(root, out)
    assert sorted(done + again) == [0, 1, 2, 3]  # nothing twice, nothing left out
    assert summary.made == COUNT - 4 * after
    assert summary.counts["studies"] == COUNT
    make(root, tmp_path / "other.parquet")
    assert content(out).equals(content(tmp_path / "other.parquet"))
    assert not parts_folder(out).exists()


KILLED = """
import os, sys
from pathlib import Path
from maple_lib.data.table import ingesting, writing, parts
ingesting.CHUNK = 4
replace, seen = os.replace, []
def dying(source, target):
    if str(target).endswith("000002.parquet"):
        os.kill(os.getpid(), 9)  # the part is written, and not yet in its place
    replace(source, target)
os.replace = dying
root, out = map(Path, sys.argv[1:])
ingesting.ingest("mimic-cxr-jpg", root, out, workers=1, progress=False, reports=root)
"""


def test_killed_in_the_middle_of_a_part_and_continued(root, tmp_path):
    out = tmp_path / "t.parquet"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ended = subprocess.run([sys.executable, "-c", KILLED, root, out], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    left = {p.name for p in parts_folder(out).iterdir()}
    assert {"000000.parquet", "000001.parquet", CARD} < left
    assert any(name.endswith(".part") for name in left)
    assert make(root, out).made == COUNT - 8
    make(root, tmp_path / "other.parquet")
    assert content(out).equals(content(tmp_path / "other.parquet"))


def test_a_part_that_was_cut_off_is_made_again(root, tmp_path, monkeypatch):
    out = tmp_path / "t.parquet"
    monkeypatch.setattr(ingesting, "_merge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        make(root, out)
    monkeypatch.undo()
    monkeypatch.setattr(ingesting, "CHUNK", 4)
    part = parts_folder(out) / "000001.parquet"
    part.write_bytes(part.read_bytes()[:200])
    assert make(root, out).made == 4
    assert len(StudyTable(out)) == COUNT


def interrupted(root, out, monkeypatch, **options):
    with monkeypatch.context() as patched:
        patched.setattr(ingesting, "_merge", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            make(root, out, **options)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"labels": "negbio"}, r"options was .*negbio"),
        ({"limit": 5}, r"studies was 13, now 5"),
        ({"parse": False}, r"parse was True, now False"),
        ({"views": "frontal"}, r"views.*frontal"),
    ],
)
def test_parts_of_another_ingest_are_refused(root, tmp_path, monkeypatch, options, says):
    out = tmp_path / "t.parquet"
    interrupted(root, out, monkeypatch)
    with pytest.raises(MapleError, match=rf"holds parts of another ingest .*{says}") as error:
        make(root, out, **options)
    assert "remove that folder" in error.value.remedy
    assert len(list(parts_folder(out).glob("*.parquet"))) == 4


def test_a_folder_of_somebody_elses_is_left_alone(root, tmp_path):
    out = tmp_path / "t.parquet"
    parts_folder(out).mkdir()
    (parts_folder(out) / "thesis.txt").write_text("mine")
    with pytest.raises(MapleError, match="not made by an ingest"):
        make(root, out)
    assert (parts_folder(out) / "thesis.txt").read_text() == "mine"


def test_what_cannot_be_used_is_named_and_costs_only_itself(tmp_path):
    exams = mimic.build_jpg(tmp_path, COUNT, images=False)
    mimic.write_reports(tmp_path, (exam for exam in exams if exam.number not in (2, 9)))
    out = tmp_path / "t.parquet"
    summary = make(tmp_path, out)
    assert len(StudyTable(out)) == COUNT - 2
    assert [Path(e.subject).stem for e in summary.skipped] == [f"s{exams[i].study}" for i in (2, 9)]
    assert [str(e) for e in StudyTable(out).failures] == [str(e) for e in summary.skipped]
    assert len(failures_path(out).read_text().splitlines()) == 2
    assert "skipped 2, listed in t.failures.jsonl" in str(summary)
    assert summary.to_dict()["skipped"] == 2
    json.dumps(summary.to_dict())
    mimic.write_reports(tmp_path, exams)
    make(tmp_path, out)
    assert not failures_path(out).exists()  # of the table that was replaced


def test_studies_and_images_that_come_twice_are_left_out_once(tmp_path):
    mimic.build_jpg(tmp_path, 6, images=False)
    path = tmp_path / "mimic-cxr-2.0.0-metadata.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    stolen = lines[-1].replace(mimic.exams(6)[5].study, "59999999")  # the same image in another study
    path.write_bytes(gzip.compress("\n".join([*lines, stolen]).encode()))
    summary = make(tmp_path, tmp_path / "t.parquet", reports=None)
    assert [(e.subject, e.problem) for e in summary.skipped] == [
        ("study 59999999", "an image that came before, in this or another study")
    ]
    assert summary.counts["studies"] == 6
    assert summary.counts["images"] == sum(len(e.images) for e in mimic.exams(6))


def test_nothing_usable_is_an_error_and_keeps_the_old_table(root, tmp_path):
    out = tmp_path / "t.parquet"
    make(root, out)
    before = out.read_bytes()
    with pytest.raises(MapleError, match=r"none of 13 studies can be used; the first: .*no such file"):
        make(root, out, present=True)
    assert out.read_bytes() == before
    assert not parts_folder(out).exists()


def test_without_parsing_there_are_no_statements_and_limit_is_kept(root, tmp_path):
    summary = make(root, tmp_path / "t.parquet", parse=False, limit=5)
    assert summary.counts["studies"] == 5
    assert [row.triplets for row in StudyTable(tmp_path / "t.parquet").rows()] == [None] * 5


def test_a_plain_folder_becomes_the_same_table(tmp_path):
    for name in ("b", "a"):
        Pillow.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "b.txt").write_text("Small left pleural effusion.")
    (tmp_path / "broken.png").write_text("text")
    summary = ingest("folder", tmp_path, tmp_path / "t.parquet", progress=False)
    table = StudyTable(tmp_path / "t.parquet")
    assert [s.study_id for s in table] == ["a", "b"]
    assert table[1].triplets[0].finding == "pleural effusion"
    assert table[0].image.pixels.shape == (8, 8)
    assert [Path(e.subject).name for e in summary.skipped] == ["broken.png"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"name": "nonsense"}, "use one of: folder"),
        ({"colour": 1}, "its options are: root, reports, labels"),
        ({"workers": 0}, "at least one process"),
        ({"limit": 0}, "no study would be left"),
        ({"root": "missing"}, "no such folder"),
    ],
)
def test_wrong_arguments(root, tmp_path, arguments, says):
    given = {"name": "mimic-cxr-jpg", "root": root, "out": tmp_path / "t.parquet", **arguments}
    with pytest.raises(MapleError, match=says):
        ingest(**given, progress=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_workers_that_are_not_forked_open_the_dataset_themselves(root, tmp_path, monkeypatch):
    make(root, tmp_path / "one.parquet")
    monkeypatch.setattr(ingesting.multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    make(root, tmp_path / "two.parquet", workers=2)
    assert content(tmp_path / "two.parquet").equals(content(tmp_path / "one.parquet"))


class Elsewhere:
    """A dataset whose images lie in another folder than its tables, as MS-CXR's do."""

    def __init__(self, images):
        self.root, self._source = images, FolderSource(images)

    def __len__(self):
        return len(self._source)

    def rows(self, start, stop):
        return self._source.rows(start, stop)


def test_paths_start_where_the_source_says(tmp_path, monkeypatch):
    tables, images = tmp_path / "tables", tmp_path / "images"
    for folder in (tables, images):
        folder.mkdir()
    Pillow.fromarray(np.zeros((8, 9), np.uint8)).save(images / "a.png")
    monkeypatch.setattr("maple_lib.data.datasets.mimic_cxr.open_source", lambda root: Elsewhere(images))
    ingest("mimic-cxr", tables, tmp_path / "t.parquet", progress=False)
    for studies in (load_studies(tmp_path / "t.parquet"), load_studies("mimic-cxr", root=tables)):
        assert studies.root == images
        assert studies[0].image.pixels.shape == (8, 9)


def test_a_table_that_repeats_all_its_lines_is_one_clear_error(tmp_path):
    mimic.build_jpg(tmp_path, 3, images=False)
    path = tmp_path / "mimic-cxr-2.0.0-metadata.csv.gz"
    first, *lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("\n".join([first, *lines, *lines]).encode()))
    with pytest.raises(
        MapleError, match=r"none of 3 studies can be used; the first: .*image that came before"
    ):
        make(tmp_path, tmp_path / "t.parquet", reports=None)


def test_a_table_has_a_name_that_opens_it_again(root, tmp_path):
    with pytest.raises(MapleError, match=r"t\.csv: no name of a studies table .* t\.parquet"):
        make(root, tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"present": "maybe"}, "neither true nor false"),
        ({"present": 1}, "neither true nor false"),
        ({"imagenome": 7}, r"not a text .* \./7 for a folder"),
        ({"views": True}, "not a text"),
    ],
)
def test_options_of_another_kind_are_named(root, tmp_path, option, says):
    with pytest.raises(MapleError, match=rf"{next(iter(option))}=.*: {says}"):
        make(root, tmp_path / "t.parquet", **option)
