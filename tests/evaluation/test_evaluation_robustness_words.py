"""Sides in words, peaks on sides, statements and their denials."""

from __future__ import annotations

import numpy as np
import pytest

from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.study import Image, Study
from maple_lib.evaluation.queries import GroundingQuery
from maple_lib.evaluation.robustness.cases import side_cases
from maple_lib.evaluation.robustness.rewording import likeness
from maple_lib.evaluation.robustness.sides import midline, peak_on_side
from maple_lib.evaluation.robustness.wording import implied, statements, wordings
from maple_lib.reports import parse
from maple_lib.reports.sides import named_side, swap_sides
from maple_lib.vocabulary import mirror, region


def query(index, phrase, finding, place):
    return GroundingQuery(index, phrase, finding, place, location_free=place is None)


@pytest.mark.parametrize(
    ("text", "side", "swapped"),
    [
        ("Small left effusion", "left", "Small right effusion"),
        ("Right-sided pneumothorax", "right", "Left-sided pneumothorax"),
        ("opacity in the LLL", "left", "opacity in the RLL"),
        ("RML atelectasis", "right", "lingula atelectasis"),
        ("nodule in the lingula", "left", "nodule in the right middle lobe"),
        ("right middle lobe nodule", "right", "lingula nodule"),
        ("cardiomegaly", None, "cardiomegaly"),
        (
            "bilateral effusions, left greater than right",
            None,
            "bilateral effusions, right greater than left",
        ),
        ("both bases, more on the left", None, "both bases, more on the right"),
        ("cleft", None, "cleft"),
        ("line tip in the right atrium", None, "line tip in the right atrium"),
        ("left base, right heart border clear", "left", "right base, right heart border clear"),
    ],
)
def test_sides_are_read_and_swapped(text, side, swapped):
    assert named_side(text) == side
    assert swap_sides(text) == swapped


def test_swapped_phrases_name_the_mirrored_regions():
    studies = phantom_studies(80, seed=3, size=64, difficulty="easy")
    phrases = {p.text for study in studies for p in study.phrases if named_side(p.text)}
    assert len(phrases) > 50
    for phrase in phrases:
        said = {t.region for t in parse(phrase).triplets if t.region}
        if "retrocardiac" in phrase:  # only the left has it
            continue
        assert {region(name).side for name in said} <= {named_side(phrase), None}
        assert {t.region for t in parse(swap_sides(phrase)).triplets if t.region} == {mirror(r) for r in said}


def test_unilateral_cases_leave_out_both_sides_and_the_midline():
    queries = [
        query(0, "left effusion", "pleural effusion", "left costophrenic angle"),
        query(0, "right effusion", "pleural effusion", "right costophrenic angle"),
        query(0, "LUL mass", "mass", "left upper lung zone"),
        query(1, "calcified aorta", "calcification", "aortic arch"),
        query(1, "left hilar calcification", "calcification", "left hilar structures"),
        query(2, "right effusion", "pleural effusion", "right costophrenic angle"),
        query(2, "line", "line", "right atrium"),
    ]
    cases = side_cases(queries)
    assert [(c.query.study_index, c.side, c.phrase, c.other) for c in cases] == [
        (0, "left", "LUL mass", "RUL mass"),
        (2, "right", "right effusion", "left effusion"),
    ]


def test_a_phrase_that_names_no_side_is_asked_in_plain_words():
    (case,) = side_cases([query(0, "retrocardiac opacity", "opacity", "left lower lung zone")])
    assert case.phrase == "opacity in the left lower lung zone"
    assert case.other == "opacity in the right lower lung zone"


def test_without_a_region_the_words_tell_the_side():
    (case,) = side_cases([query(0, "right basal opacity", "opacity", None)])
    assert (case.side, case.other) == ("right", "left basal opacity")
    assert side_cases([query(0, "opacity", "opacity", None)]) == []
    assert side_cases([query(0, "left mass", "mass", None), query(0, "mass", "mass", None)]) == []


def test_the_midline_is_the_spines_or_the_images():
    image = Image(np.zeros((10, 20), np.float32))
    spine = np.zeros((10, 20), bool)
    study = Study("s", "p", lambda: image, regions={"spine": spine})
    assert midline(study) == 10
    spine[2:5, 4:8] = True
    assert midline(study) == 6


def test_the_patients_left_is_the_images_right():
    heat = np.zeros((4, 6, 8))
    heat[0, 3, 6] = heat[1, 3, 1] = 1
    heat[3] = np.nan
    left = peak_on_side(heat, [4.0] * 4, ["left"] * 4)
    right = peak_on_side(heat, [4.0] * 4, ["right"] * 4)
    np.testing.assert_array_equal(left, [1, 0, 0.5, np.nan])
    np.testing.assert_array_equal(right, [0, 1, 0.5, np.nan])
    assert peak_on_side(heat[:1], [7.0], ["left"]) == 0


def test_statements_are_denied_and_grammatical():
    assert statements("edema")[0] == ("There is edema.", "There is no edema.")
    assert statements("opacity")[1] == ("An opacity is seen.", "No opacity is seen.")
    for finding in ("nodule", "pleural effusion", "atelectasis"):
        pairs = statements(finding)
        assert len(set(pairs)) == len(pairs) >= 4
        for yes, no in pairs:
            assert {t.existence for t in parse(yes).triplets} == {"present"}
            assert {t.existence for t in parse(no).triplets} == {"absent"}


def test_wordings_say_the_same_in_at_least_four_ways():
    said = wordings(query(0, "p", "mass", "left lung"))
    assert len(set(said)) >= 4
    for text in said:
        assert {(t.finding, t.region, t.existence) for t in parse(text).triplets} == {
            ("mass", "left lung", "present")
        }
    assert wordings(query(0, "p", "mass", None)) == []
    assert wordings(query(0, "p", "cardiomegaly", "cardiac silhouette")) == []


def test_who_has_a_consolidation_has_an_opacity():
    assert implied("consolidation") >= {"consolidation", "opacity"}
    assert "consolidation" not in implied("opacity")
    assert implied("made up") == {"made up"}


def test_likeness_is_that_of_numpy_and_ignores_scale_and_sign():
    maps = np.random.default_rng(0).normal(size=(3, 4, 25))
    maps[1] = maps[1, 0] * np.array([1, -2, 3, 0.5])[:, None] + 7
    maps[2, 1] = 3
    expected = np.abs(np.corrcoef(maps[0])[np.triu_indices(4, 1)]).mean()
    found = likeness(maps)
    np.testing.assert_allclose(found[:2], [expected, 1])
    assert np.isnan(found[2])


def test_several_regions_of_one_side_are_one_side():
    zones = "left upper lung zone, left lower lung zone"
    (case,) = side_cases([query(0, "patchy opacities", "opacity", zones)])
    assert case.side == "left"
    assert case.other == "opacity in the right upper lung zone and the right lower lung zone"
    assert side_cases([query(0, "opacities", "opacity", "left lung, right lung")]) == []
    assert wordings(query(0, "opacities", "opacity", zones)) == []
