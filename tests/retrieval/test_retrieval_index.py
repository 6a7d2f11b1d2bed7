import json
import shutil

import numpy as np
import pytest
import torch

import maple_lib
from maple_lib.errors import MapleError
from maple_lib.retrieval import CaseIndex
from maple_lib.retrieval.rows import RowWriter, read_rows


@pytest.fixture
def index(method, cases, tmp_path):
    return CaseIndex.build(method, cases, tmp_path / "index", batch_size=7)


def finding_of(study, region):
    return {t.finding for t in study.triplets if t.region == region}


def by_id(cases):
    return {study.study_id: study for study in cases}


def test_the_public_name_is_this_class():
    assert maple_lib.CaseIndex is CaseIndex


def test_search_by_region_finds_the_same_finding_there(index, cases):
    for study in cases[:6]:
        for region in ("right lung", "left lung"):
            hits = index.search(study, region=region, k=3)
            assert len(hits) == 3
            for hit in hits:
                assert hit.region == region
                assert set(hit.findings) == finding_of(by_id(cases)[hit.study_id], region)
                assert set(hit.findings) == finding_of(study, region)
                assert all(region in sentence for sentence in hit.sentences)
                assert hit.study_id != study.study_id


def test_search_is_exact_and_ordered(index, cases, method):
    vectors, rows = index.embeddings("left lung")
    query = vectors[4]
    hits = index.search(query, region="left lung", k=len(cases))
    scores = vectors @ query
    assert [h.score for h in hits] == pytest.approx(sorted(scores, reverse=True))
    assert hits[0].study_id == index.cases["study_id"][rows[int(np.argmax(scores))]]
    assert len(hits) == len(cases)


@pytest.mark.parametrize("region", [None, "right lung"])
@pytest.mark.parametrize("direction", ["image->image", "image->text", "text->image", "text->text"])
def test_all_four_directions_find_the_same_finding(index, cases, direction, region):
    study = cases[2]
    hits = index.search(study, region=region, k=2, direction=direction)
    assert len(hits) == 2
    if region:
        assert {f for h in hits for f in h.findings} == finding_of(study, region)
    else:
        assert hits[0].score > 0.99


def test_text_asks_for_images_of_a_region(index):
    hits = index.search("a mass", region="left lung", direction="text->image", k=4)
    assert all(hit.findings == ("mass",) for hit in hits)
    with pytest.raises(MapleError, match="a text cannot ask as an image"):
        index.search("a mass", region="left lung")


def test_cases_without_the_region_are_no_candidates(index, cases):
    hits = index.search(cases[1], region="cardiac silhouette", k=100)
    with_heart = {s.study_id for s in cases if "cardiac silhouette" in s.regions} - {"case-1"}
    assert {hit.study_id for hit in hits} == with_heart


def test_regions_that_nobody_shows_or_speaks_of(index, cases):
    assert index.regions == ("right lung", "left lung", "cardiac silhouette")
    assert index.search(np.array([1.0, 0.0]), region="spine") == []
    with pytest.raises(MapleError, match="no mask of region 'spine'"):
        index.search(cases[0], region="spine")
    with pytest.raises(MapleError, match="says nothing of region 'spine'"):
        index.search(cases[0], region="spine", direction="text->image")


def test_where_by_findings_and_by_function(index, cases):
    hits = index.search(cases[0], k=100, where={"mass": True, "nodule": False})
    table = by_id(cases)
    assert hits
    for hit in hits:
        present = {t.finding for t in table[hit.study_id].triplets}
        assert "mass" in present
        assert "nodule" not in present
    hits = index.search(cases[0], k=100, where=lambda table: (table["patient_id"] == "patient-9").to_numpy())
    assert [hit.study_id for hit in hits] == ["case-9"]
    assert index.search(cases[0], where=lambda table: np.zeros(len(table), bool)) == []
    with pytest.raises(MapleError, match="not a finding"):
        index.search(cases[0], where={"masss": True})
    with pytest.raises(MapleError, match="expected 30 bools"):
        index.search(cases[0], where=lambda table: [1, 2])


def test_reopened_it_answers_the_same_without_the_method(index, cases):
    again = CaseIndex.open(index.path)
    assert len(again) == 30
    assert again.search(cases[3], region="left lung") == index.search(cases[3], region="left lung")
    with pytest.raises(MapleError, match="no model to embed it"):
        again.search("a mass", direction="text->image")


def test_a_new_study_is_embedded_and_a_known_one_is_not(index, method, cases, tmp_path):
    seen = method.images_seen
    index.search(cases[0], region="left lung")
    assert method.images_seen == seen
    half = CaseIndex.build(method, cases[:10], tmp_path / "half")
    seen = method.images_seen
    one = half.search(cases[20], region="left lung", k=3)
    assert method.images_seen == seen + 1
    vector = index.embeddings("left lung")[0][20]
    two = half.search(torch.from_numpy(np.array(vector)), region="left lung", k=3)
    assert [hit.study_id for hit in one] == [hit.study_id for hit in two]


def test_the_batch_size_does_not_change_the_index(index, method, cases, tmp_path):
    other = CaseIndex.build(method, cases, tmp_path / "other", batch_size=30)
    for region in (None, *index.regions):
        for side in ("image", "text"):
            for a, b in zip(index.embeddings(region, side), other.embeddings(region, side), strict=True):
                np.testing.assert_allclose(a, b, atol=1e-6)


def test_arrays_are_contiguous_mapped_and_unit_norm(index):
    vectors, rows = index.embeddings("left lung")
    assert isinstance(vectors, np.memmap)
    assert vectors.flags.c_contiguous
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert rows.tolist() == list(range(30))
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 0


class Counting(torch.nn.Module):
    """Compares regions by numbers of its own, of another length than embeddings and of any norm."""

    def __init__(self, method):
        super().__init__()
        self.inner, self.image_size, self.grid = method, method.image_size, method.grid
        self.encode_images, self.encode_texts = method.encode_images, method.encode_texts

    def searched(self, embeddings, region):
        return torch.cat([embeddings * (1 + region), embeddings[:, :1] ** 2], 1)


@pytest.mark.parametrize("direction", ["image->image", "text->image"])
def test_a_region_is_searched_by_what_the_method_compares(method, cases, tmp_path, direction):
    own = Counting(method)
    index = CaseIndex.build(own, cases, tmp_path / "own")
    assert (index.manifest.dim, index.manifest.region_dim) == (2, 3)
    answers, rows = index.embeddings("left lung")
    asks, asking = index.embeddings("left lung", direction.split("->")[0])
    query = asks[list(asking).index(5)]
    assert not np.allclose(np.linalg.norm(answers, axis=1), 1)
    scores = dict(zip(rows.tolist(), (answers @ query).tolist(), strict=True))
    del scores[5]
    hits = index.search(cases[5], region="left lung", k=40, direction=direction)
    assert [hit.score for hit in hits] == pytest.approx(sorted(scores.values(), reverse=True))
    outside = cases[29]
    shorter = CaseIndex.build(own, cases[:20], tmp_path / "shorter")
    new = shorter.search(outside, region="left lung", k=20, direction=direction)
    assert max(hit.score for hit in new) == pytest.approx(
        float((answers[:20] @ asks[list(asking).index(29)]).max())
    )
    with pytest.raises(MapleError, match="embedding of 3 numbers"):
        index.search(np.ones(2), region="left lung")


def test_another_model_may_not_ask(index, other_method):
    with pytest.raises(MapleError, match="built by another model"):
        CaseIndex.open(index.path, other_method)


def test_a_failed_build_leaves_nothing_behind(method, cases, tmp_path):
    class Breaks(type(method)):
        def encode_images(self, images, regions=None):
            if self.images_seen:
                raise RuntimeError("power cut")
            return super().encode_images(images, regions)

    with pytest.raises(RuntimeError, match="power cut"):
        CaseIndex.build(Breaks(), cases, tmp_path / "index", batch_size=5)
    assert list(tmp_path.iterdir()) == []


def test_an_index_is_replaced_only_on_request_and_nothing_else_ever(index, method, cases):
    with pytest.raises(MapleError, match="exists already"):
        CaseIndex.build(method, cases, index.path)
    assert len(CaseIndex.build(method, cases[:4], index.path, overwrite=True)) == 4
    assert [p.name for p in index.path.parent.iterdir()] == ["index"]
    foreign = index.path.parent / "photos"
    foreign.mkdir()
    with pytest.raises(MapleError, match="exists already"):
        CaseIndex.build(method, cases, foreign, overwrite=True)


@pytest.mark.parametrize("damage", ["manifest", "cut", "missing", "flipped", "table", "foreign", "elsewhere"])
def test_damaged_or_foreign_folders_are_refused(index, damage):
    array = index.path / "left_lung.image.npy"
    manifest = index.path / "manifest.json"
    if damage == "manifest":
        manifest.unlink()
    elif damage == "cut":
        array.write_bytes(array.read_bytes()[:-9])
    elif damage == "missing":
        array.unlink()
    elif damage == "flipped":
        content = bytearray(array.read_bytes())
        content[-1] ^= 1
        array.write_bytes(content)
    elif damage == "table":
        (index.path / "cases.parquet").write_bytes(b"PAR1")
    elif damage == "foreign":
        manifest.write_text(json.dumps({"hello": 1}))
    else:
        entries = json.loads(manifest.read_text())
        entries["files"] = {"../secret": "0"}
        manifest.write_text(json.dumps(entries))
    with pytest.raises(MapleError, match=r"index|differs|readable"):
        CaseIndex.open(index.path)


def test_damage_is_found_in_use_where_opening_did_not_look(index, cases):
    array = index.path / "left_lung.image.npy"
    array.write_bytes(array.read_bytes()[:-9])
    with pytest.raises(MapleError, match="not a readable array"):
        CaseIndex.open(index.path, verify=False).search(cases[0], region="left lung")


def test_pickled_arrays_are_never_loaded(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([{"a": 1}] * 50, dtype=object), allow_pickle=True)
    with pytest.raises(MapleError, match="not a readable array"):
        read_rows(path)


def test_bad_questions_are_named(index, cases):
    with pytest.raises(MapleError, match="k=0"):
        index.search(cases[0], k=0)
    with pytest.raises(MapleError, match="direction='image->sound'"):
        index.search(cases[0], direction="image->sound")
    with pytest.raises(MapleError, match="not a region of the vocabulary"):
        index.search(cases[0], region="left foot")
    with pytest.raises(MapleError, match="embedding of 2 numbers"):
        index.search(np.zeros(5))
    with pytest.raises(MapleError, match="no direction"):
        index.search(np.zeros(2))
    with pytest.raises(MapleError, match="empty text"):
        index.search("  ", direction="text->text")


def test_bad_studies_are_named(method, cases, tmp_path):
    with pytest.raises(MapleError, match="at least one study"):
        CaseIndex.build(method, [], tmp_path / "i")
    with pytest.raises(MapleError, match="study case-0: given more than once"):
        CaseIndex.build(method, [cases[0], cases[0]], tmp_path / "i")


def test_row_files_are_plain_npy_whatever_their_length(tmp_path):
    for count in (0, 1, 9, 1234):
        with RowWriter(tmp_path / "rows.npy", np.float32) as writer:
            for row in range(count):
                writer.append(np.full((1, 3), row))
        array = np.load(tmp_path / "rows.npy")
        assert len(array) == count
        assert array.sum() == 3 * count * (count - 1) / 2


def test_an_index_can_be_moved(index, cases, tmp_path):
    shutil.move(index.path, tmp_path / "elsewhere")
    assert len(CaseIndex.open(tmp_path / "elsewhere").search(cases[0], k=3)) == 3
