"""Every public dataset with drawn places, from its official files to a grounding table."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "data"))

from miniatures import chestx_det, chexlocalize, ms_cxr, nih, rsna, vindr

from maple_lib import load_studies
from maple_lib.errors import MapleError
from maple_lib.evaluation import build_queries, evaluate, protocol, truth_mask

BOXES = "box_grounding"
CSV, JSON = (f"MS_CXR_Local_Alignment_v1.1.0.{end}" for end in ("csv", "json"))


def open_ms_cxr(folder, table=CSV):
    images = ms_cxr.build_images(folder / "mimic")
    return load_studies("ms-cxr", root=ms_cxr.build(folder / "ms"), images=images, table=table)


def open_miniature(name, folder):
    if name.startswith("ms-cxr"):
        return open_ms_cxr(folder, JSON if name.endswith("json") else CSV)
    module = {"nih": nih, "vindr-cxr": vindr, "rsna": rsna, "chestx-det": chestx_det}.get(name, chexlocalize)
    return load_studies(name, root=module.build(folder / name))


# dataset -> protocol, number of phrases
CASES = {
    "ms-cxr": ("ms_cxr_grounding", 5),
    "ms-cxr json": ("ms_cxr_grounding", 5),
    "nih": (BOXES, 2),
    "vindr-cxr": (BOXES, None),
    "rsna": (BOXES, None),
    "chestx-det": (BOXES, 5),
    "chexlocalize": ("chexlocalize_grounding", None),
}


@pytest.mark.parametrize("name", CASES)
def test_from_official_files_to_a_table(toy, tmp_path, name):
    chosen, count = CASES[name]
    studies = open_miniature(name, tmp_path)
    result = evaluate(toy.method, studies, chosen, train_studies=studies)
    asked = result.table[(result.table["source"] == "method") & ~result.table["gated"]]
    assert len(asked) == (count or len(asked)) > 0
    assert asked["cnr"].notna().all()
    assert set(asked["size"]) <= {"small", "medium", "large"}
    oracle = result.table[result.table["source"] == "oracle"]
    assert oracle["auprc"].mean() > 2 * oracle["chance"].mean()
    assert chosen in str(result)
    floors = result.summary().query("source == 'method' and metric == 'pointing' and not gated")
    assert set(floors["floor_source"]) <= {"random", "centre blob", "region prior", "mean lesion"}


def test_csv_and_json_of_ms_cxr_give_the_same_scores(toy, tmp_path):
    one, two = (
        evaluate(toy.method, open_ms_cxr(tmp_path / end[-4:], end), "ms_cxr_grounding").table
        for end in (CSV, JSON)
    )
    assert one.equals(two)


def test_ms_cxr_phrases_are_asked_as_they_are_and_their_place_is_read(tmp_path):
    queries = build_queries(list(open_ms_cxr(tmp_path)), protocol("ms_cxr_grounding"))
    places = {query.phrase: query.regions for query in queries}
    assert places["small left apical pneumothorax"] == ("left apical zone",)
    assert places["opacities at both bases"] == ("right lower lung zone", "left lower lung zone")
    assert places["heart is enlarged"] == ("cardiac silhouette",)


def test_boxes_without_a_sentence_get_one(toy, tmp_path):
    studies = list(open_miniature("chestx-det", tmp_path))
    queries = build_queries(studies, protocol(BOXES))
    assert {query.phrase for query in queries} == {
        "There is a pleural effusion.",
        "There is a nodule.",
        "There is cardiomegaly.",
        "There are diffuse nodules.",
        "There is pleural thickening.",
    }
    placed = {query.finding for query in queries if not query.location_free}
    assert placed == {"cardiomegaly"}
    assert all(truth_mask(query, studies[query.study_index]).any() for query in queries)
    evaluate(toy.method, studies, BOXES)
    assert any("There are diffuse nodules." in texts for texts in toy.method.texts_seen)


def test_the_region_prior_of_a_place_free_sentence_is_undefined_and_counted(toy, tmp_path):
    summary = evaluate(toy.method, open_miniature("nih", tmp_path), BOXES).summary()
    row = summary.query("source == 'region prior' and metric == 'pointing'").iloc[0]
    assert (row["phrases"], row["n"], row["undefined"]) == ("location-free", 2, 2)
    assert summary.query("source == 'method' and metric == 'pointing'").iloc[0]["undefined"] == 0


def test_truth_of_nih_is_the_union_of_the_boxes_of_one_label(tmp_path):
    studies = list(open_miniature("nih", tmp_path))
    queries = build_queries(studies, protocol(BOXES))
    (query,) = (q for q in queries if q.finding == "infiltration")
    mask = truth_mask(query, studies[query.study_index])
    assert mask.sum() == pytest.approx(86.78 * 79.19 + 50 * 40, rel=0.02)
    assert mask[520, 620]


def test_masks_of_chexlocalize_are_the_truth(tmp_path):
    studies = list(open_miniature("chexlocalize", tmp_path))
    query = next(q for q in build_queries(studies, protocol("chexlocalize_grounding")) if q.study_index == 0)
    assert query.phrase == "There is cardiomegaly."
    mask = truth_mask(query, studies[0])
    assert np.array_equal(mask, chexlocalize.mask_of("Cardiomegaly"))


def test_unknown_dicom_ids_are_counted_and_the_rest_is_scored(toy, tmp_path):
    studies = open_ms_cxr(tmp_path)
    whole = evaluate(toy.method, studies, "ms_cxr_grounding", with_floors=False)
    lost = tmp_path / "mimic" / ms_cxr.image_path(ms_cxr.SECOND, ".jpg")
    lost.unlink()
    result = evaluate(toy.method, studies, "ms_cxr_grounding", with_floors=False)
    (problem,) = result.problems.to_dict("records")
    assert lost.name in problem["detail"]
    assert "1 x " in result.told()
    left = whole.table[whole.table["phrase"] != "heart is enlarged"]
    np.testing.assert_array_equal(result.table["cnr"], left["cnr"])


def test_no_image_at_all_is_one_error(toy, tmp_path):
    studies = list(open_ms_cxr(tmp_path))
    for path in (tmp_path / "mimic").rglob("*.jpg"):
        path.unlink()
    with pytest.raises(MapleError, match="no such file"):
        evaluate(toy.method, studies, "ms_cxr_grounding")


def test_pixels_read_for_scoring_are_let_go(toy, tmp_path):
    studies = list(open_miniature("nih", tmp_path))
    evaluate(toy.method, studies, BOXES, train_studies=studies)
    assert not any("image" in vars(study) for study in studies)
