"""Odd data: every case has a defined value or an error, and is counted."""

import numpy as np
import pytest
import torch

from maple_lib.data.study import Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import evaluate, protocol
from maple_lib.evaluation.ground import ground
from maple_lib.evaluation.oddities import CLIPPED, CONSTANT, DAMAGED, EMPTY, NOT_FINITE, OUTSIDE

BOXES = protocol("ms_cxr_grounding")
INSIDE = Phrase("a spot", "nodule", ((10, 12, 8, 8),), "right lung")


def one_study(toy, *phrases):
    source = toy.studies[0]
    return Study("s", "p", source.load_image, regions=source.regions, phrases=phrases)


def scored(toy, *phrases):
    """The method's ungated rows and the kinds of problems, in the order of the phrases."""
    result = ground(toy.method, [one_study(toy, *phrases)], BOXES)
    table = result.table
    return table[(table["source"] == "method") & ~table["gated"]], result.problems


def test_sound_data_has_no_problem(toy):
    rows, problems = scored(toy, INSIDE)
    assert problems.empty
    assert list(problems) == ["study_id", "phrase", "problem", "detail"]
    assert rows["cnr"].notna().all()


@pytest.mark.parametrize(
    "place",
    [
        {"boxes": ((-4, 10, 10, 10),)},
        {"boxes": ((60, 60, 10, 10),)},
        {"polygons": ((50.0, 50.0, 80.0, 50.0, 50.0, 60.0),)},
    ],
)
def test_what_leaves_the_image_is_clipped_and_counted(toy, place):
    rows, problems = scored(toy, Phrase("a spot", "nodule", **{"boxes": (), **place}))
    assert problems["problem"].tolist() == [CLIPPED]
    assert rows["cnr"].notna().all()


def test_a_corner_rounded_over_the_edge_is_no_problem(toy):
    _, problems = scored(toy, Phrase("a spot", "nodule", ((-0.4, 0, 10, 64.4),)))
    assert problems.empty


def test_boxes_outside_are_left_out_and_the_others_count(toy):
    far = (200, 0, 5, 5)
    alone, problems = scored(toy, Phrase("a spot", "nodule", (far,)))
    assert problems["problem"].tolist() == [OUTSIDE, EMPTY]
    assert alone.filter(regex="cnr|miou|pointing|auprc").isna().all(axis=None)
    assert alone["size"].tolist() == [None]
    both, problems = scored(toy, Phrase("a spot", "nodule", (*INSIDE.boxes, far)))
    assert problems["problem"].tolist() == [OUTSIDE]
    inside, _ = scored(toy, Phrase("a spot", "nodule", INSIDE.boxes))
    assert both["cnr"].tolist() == inside["cnr"].tolist()


@pytest.mark.parametrize(
    ("phrase", "kinds"),
    [
        (Phrase("a spot", "nodule", ()), [EMPTY]),
        (Phrase("a spot", "nodule", ((5, 5, 0, 0),)), [EMPTY]),
        (Phrase("a spot", "nodule", (), rle="4000 200"), [DAMAGED]),
        (Phrase("a spot", "nodule", (), polygons=((1.0, 2.0, 3.0),)), [DAMAGED]),
        (Phrase("a spot", "nodule", ((float("nan"), 1, 2, 3),)), [DAMAGED]),
    ],
)
def test_a_place_that_is_none_is_undefined_and_counted(toy, phrase, kinds):
    sound = Phrase("another spot", "nodule", INSIDE.boxes)
    rows, problems = scored(toy, phrase, sound)
    assert problems["problem"].tolist() == kinds
    assert rows["cnr"].isna().tolist() == [True, False]
    summary = ground(toy.method, [one_study(toy, phrase, sound)], BOXES).summary()
    assert summary.query("source == 'method' and metric == 'cnr' and not gated")["undefined"].sum() == 1


@pytest.mark.parametrize(
    ("value", "kind", "cnr", "pointing"),
    [(0.25, CONSTANT, 0, 1), (np.nan, NOT_FINITE, np.nan, np.nan), (np.inf, NOT_FINITE, np.nan, np.nan)],
)
def test_maps_without_a_peak_are_told(toy, value, kind, cnr, pointing):
    def flat(images, texts):
        maps = torch.full((len(texts.phrase), *images.grid), 0.25)
        maps[:, 3, 3] = value
        return maps

    toy.method.similarity_map = flat
    rows, problems = scored(toy, INSIDE)
    assert problems["problem"].tolist() == [kind]
    np.testing.assert_array_equal(rows["cnr"], [cnr])
    np.testing.assert_array_equal(rows["pointing"], [pointing])


def test_gating_with_a_region_that_the_study_lacks_is_undefined(toy):
    study = Study("s", "p", toy.studies[0].load_image, phrases=(INSIDE,))
    table = ground(toy.method, [study], BOXES).table
    gated = table[table["gated"]]
    assert len(gated) > 0
    assert gated.filter(regex="cnr|miou|pointing|auprc").isna().all(axis=None)
    assert table[(table["source"] == "region prior")]["cnr"].isna().all()


def test_masks_of_another_size_are_an_error_that_names_them(toy):
    small = {"right lung": np.ones((32, 32), bool)}
    study = Study("s", "p", toy.studies[0].load_image, regions=small, phrases=(INSIDE,))
    with pytest.raises(MapleError, match=r"right lung.*\(32, 32\)"):
        ground(toy.method, [study], BOXES, with_floors=False)


def test_images_that_cannot_be_read_are_left_out_and_told(toy):
    def broken():
        raise MapleError("scan.dcm", "cut off", "copy it again")

    lost = Study("lost", "p", broken, report="There is a mass.", phrases=(INSIDE,))
    result = ground(toy.method, [lost, one_study(toy, INSIDE)], BOXES)
    assert result.problems["study_id"].tolist() == ["lost"]
    assert "cut off" in result.problems["detail"][0]
    assert "1 x image cannot be read" in str(result)
    assert set(result.table["study_id"]) == {"s"}
    with pytest.raises(MapleError, match="cut off"):
        ground(toy.method, [lost], BOXES)
    images = evaluate(toy.method, [lost, *toy.studies[:4]], "retrieval")
    assert images.problems["study_id"].tolist() == ["lost"]
    assert "1 x image cannot be read" in str(images)
    assert len(set(images.table["study_id"])) == 4
