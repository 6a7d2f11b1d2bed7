"""The samples that come with the repository are whole, readable, true, and made again by one command."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest

from maple_lib.data.box_regions import box_of
from maple_lib.data.ms_cxr import COLUMNS
from maple_lib.data.read import read_image
from maple_lib.data.samples import layout
from maple_lib.data.samples.choosing import COUNT, Choice
from maple_lib.data.samples.making import changed_files, digest, draw, read_checksums, write_study
from maple_lib.data.samples.reading import labels_of, read_samples
from maple_lib.data.sources import load_studies
from maple_lib.errors import MapleError
from maple_lib.reports.types import Triplet
from maple_lib.vocabulary import FINDINGS, REGIONS

CHEST = Path(__file__).resolve().parents[2] / "data_samples" / "chest"


@pytest.fixture(scope="module")
def studies():
    return load_studies("samples")


def test_every_file_is_as_it_was_made_and_all_are_small():
    assert changed_files(CHEST) == []
    listed = {CHEST / name for name in read_checksums(CHEST)} | {CHEST / layout.CHECKSUMS}
    assert {path for path in CHEST.rglob("*") if path.is_file()} == listed
    assert sum(path.stat().st_size for path in listed) <= 15_000_000


@pytest.mark.parametrize("number", [0, 1, 2])
def test_made_again_they_are_the_same(tmp_path, number):
    """One uncompressed, one JPEG 2000, one RLE; both photometric interpretations."""
    truth = json.loads((CHEST / layout.TRUTH).read_text("utf-8"))["studies"][f"phantom-{number:02d}"]
    choice = Choice(number, truth["index"])
    write_study(draw(choice), choice, tmp_path)
    sums = read_checksums(CHEST)
    made = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(made) == 3
    differ = [p for p in made if digest(p) != sums[p.relative_to(tmp_path).as_posix()]]
    assert [p for p in differ if p.suffix != ".dcm"] == []
    for path in differ:  # another processor may round a pixel, another encoder may pack it, differently
        stored = read_image(CHEST / path.relative_to(tmp_path)).pixels
        assert np.abs(read_image(path).pixels - stored).max() < 1e-3
        pytest.skip("same picture, other bytes: another processor or encoder than the samples were made with")


def test_they_are_valid_and_of_many_kinds():
    headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(CHEST.glob("dicom/*.dcm"))]
    assert len(headers) == COUNT
    assert {h.SOPClassUID.name for h in headers} == {"Digital X-Ray Image Storage - For Presentation"}
    assert {h.PhotometricInterpretation for h in headers} == {"MONOCHROME1", "MONOCHROME2"}
    assert {h.BitsStored for h in headers} == {12, 14, 16}
    kinds = Counter(h.file_meta.TransferSyntaxUID.name for h in headers)
    assert len(kinds) == 3
    assert min(kinds.values()) >= 4
    assert len({h.SOPInstanceUID for h in headers}) == COUNT


def test_they_load_with_everything(studies):
    assert len(studies) == COUNT
    assert studies.failures == ()
    assert len({s.study_id for s in studies}) == COUNT
    assert Counter(s.split for s in studies) == {"train": 20, "validate": 4, "test": 8}
    for study in studies:
        assert len(study.report) > 50
        assert set(study.regions) <= set(REGIONS)
        assert len(study.regions) >= 25
        assert {t.finding for t in study.triplets} <= set(FINDINGS)
        assert all(study.report[slice(*t.span)].strip() for t in study.triplets)
    assert len({p.finding for s in studies for p in s.phrases}) >= 14


def test_bone_is_bright_whatever_the_storage(studies):
    """The spine is brighter than the lungs beside it; an easy pair of lesions may not turn that round."""
    brighter = 0
    for study in studies:
        pixels = study.image.pixels
        lungs = study.regions["right lung"] | study.regions["left lung"]
        brighter += np.median(pixels[study.regions["spine"]]) > np.percentile(pixels[lungs], 30)
    assert brighter == COUNT


def test_boxes_are_on_the_image_and_where_their_names_say(studies):
    for study in studies:
        height, width = study.image.pixels.shape
        for phrase in study.phrases:
            for x, y, w, h in phrase.boxes:
                assert 0 <= x < x + w <= width
                assert 0 <= y < y + h <= height
        right, left = box_of(study.regions["right lung"]), box_of(study.regions["left lung"])
        assert right[0] < left[0]  # the patient's right is on the image's left


def test_phrase_table_has_the_official_columns():
    with (CHEST / layout.PHRASES).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert all((CHEST / row["path"]).is_file() for row in rows)
    assert "Lung Opacity" in {row["category_name"] for row in rows}


def test_scene_graphs_agree_with_the_triplets(studies):
    """Each regional statement of the truth stands in the scene graph, once, and nothing else does."""
    for study in studies:
        path = CHEST / layout.SCENE_GRAPHS / f"{study.study_id}_SceneGraph.json"
        graph = json.loads(path.read_text("utf-8"))
        said = Counter(
            (item["bbox_name"], *relation.split("|")[1:])
            for item in graph["attributes"]
            for group in item["attributes"]
            for relation in group
        )
        answer = {"present": "yes", "uncertain": "yes", "absent": "no"}
        true = Counter(
            (t.region, answer[t.existence], t.finding) for t in study.triplets if t.region in study.regions
        )
        assert said == true
        assert all(len(i["attributes"]) == len(i["phrases"]) for i in graph["attributes"])


def test_statements_come_from_truth_parser_or_nowhere():
    assert all(s.triplets == () for s in read_samples(triplets="none"))
    truth, parsed = read_samples(), read_samples(triplets="parsed")
    assert truth[0].triplets
    assert parsed[0].triplets
    with pytest.raises(MapleError, match="triplets 'all'"):
        read_samples(triplets="all")


def test_labels_prefer_what_is_present():
    def said(finding, existence):
        return Triplet(None, finding, existence)

    labels = labels_of(
        [
            said("a", "absent"),
            said("a", "present"),
            said("b", "absent"),
            said("c", "uncertain"),
            said("c", "absent"),
        ]
    )
    assert labels == {"a": 1, "b": 0, "c": -1}


def test_half_a_copy_skips_what_is_missing(tmp_path):
    copy = shutil.copytree(CHEST, tmp_path / "chest")
    (copy / "dicom" / "phantom-03.dcm").unlink()
    with pytest.warns(UserWarning, match=r"1 of 32 skipped.*phantom-03\.dcm"):
        studies = load_studies(copy)
    assert len(studies) == COUNT - 1
    (copy / layout.PHRASES).write_text("dicom_id,x\n")
    with pytest.raises(MapleError, match="no column category_name"):
        load_studies(copy)
    (copy / layout.TRUTH).write_text("{")
    with pytest.raises(MapleError, match=r"truth\.json: damaged"):
        load_studies(copy)
