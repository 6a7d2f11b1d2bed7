"""Phantoms as studies: deterministic, independent of the processes that drew them."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest

from maple_lib.data.phantoms import phantom, phantom_studies
from maple_lib.data.phantoms.studies import mask_box
from maple_lib.errors import MapleError


def same(a, b) -> None:
    np.testing.assert_array_equal(a.image.pixels, b.image.pixels)
    assert a.study_id == b.study_id
    assert [(x.finding, x.region, x.severity) for x in a.lesions] == [
        (x.finding, x.region, x.severity) for x in b.lesions
    ]
    for x, y in zip(a.lesions, b.lesions, strict=True):
        np.testing.assert_array_equal(x.mask, y.mask)
    for name in a.regions:
        np.testing.assert_array_equal(a.regions[name], b.regions[name])
    assert (a.report, a.triplets, a.phrases, a.labels) == (b.report, b.triplets, b.phrases, b.labels)


def test_same_seed_and_index_same_study_whatever_was_drawn_before():
    first = phantom(3, 5, size=96, report=False)
    phantom(8, 1, size=128, difficulty="hard", report=False)
    np.random.default_rng().random()
    same(first, phantom(3, 5, size=96, report=False))


def test_seeds_and_indices_differ():
    pictures = [phantom(s, i, size=64, report=False).image.pixels for s, i in ((0, 0), (0, 1), (1, 0))]
    assert all(not np.array_equal(a, b) for a, b in pairwise(pictures))


def test_two_processes_draw_what_one_draws():
    one = phantom_studies(6, seed=4, size=80, report=False)
    two = phantom_studies(6, seed=4, size=80, report=False, workers=2)
    for a, b in zip(one, two, strict=True):
        same(a, b)


def test_start_continues_the_series():
    tail = phantom_studies(2, seed=4, size=64, start=3, report=False)
    assert [study.study_id for study in tail] == ["phantom-4-3", "phantom-4-4"]
    same(tail[0], phantom(4, 3, size=64, report=False))


def test_a_study_says_what_it_shows():
    study = phantom(
        0, 2, size=128, findings=[("mass", "left mid lung zone"), "pleural effusion"], report=False
    )
    assert study.labels == {"mass": 1, "pleural effusion": 1}
    assert study.image.view in ("PA", "AP")
    assert study.image.spacing == pytest.approx((380 / 128, 380 / 128))
    assert study.image.source == "phantom:0/2"
    assert study.region("carina").any()
    assert len(study.regions) == 29
    assert (study.report, study.triplets, study.phrases) == ("", (), ())


def test_a_study_survives_pickling():
    study = phantom(1, 1, size=64, findings=["nodule"], report=False)
    same(study, pickle.loads(pickle.dumps(study)))


def test_both_views_occur():
    assert {phantom(0, i, size=64, report=False, findings=[]).image.view for i in range(16)} == {"PA", "AP"}


def test_report_and_phrases_follow_the_plan():
    study = phantom(2, 0, size=96, findings=["edema", ("nodule", "right upper lung zone")])
    assert study.report
    assert {(t.region, t.finding) for t in study.triplets if t.existence == "present"} >= {
        ("right upper lung zone", "nodule")
    }
    for phrase in study.phrases:
        assert phrase.finding in study.labels
        assert all(
            x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= 96 and y + h <= 96
            for x, y, w, h in phrase.boxes
        )
    boxed = {phrase.finding: phrase.boxes for phrase in study.phrases}
    nodule = next(lesion for lesion in study.lesions if lesion.finding == "nodule")
    assert boxed["nodule"] == (mask_box(nodule.mask),)


def test_the_report_does_not_change_the_pixels():
    with_report, without = phantom(5, 0, size=64), phantom(5, 0, size=64, report=False)
    np.testing.assert_array_equal(with_report.image.pixels, without.image.pixels)


def test_mask_box_holds_the_mask_exactly():
    mask = np.zeros((20, 30), bool)
    mask[4:9, 12:20] = True
    assert mask_box(mask) == (12.0, 4.0, 8.0, 5.0)


@pytest.mark.parametrize("options", [{"seed": -1}, {"index": -2}, {"size": 16}, {"difficulty": "medium"}])
def test_bad_arguments_name_the_remedy(options):
    with pytest.raises(MapleError, match="—"):
        phantom(**{"seed": 0, "report": False, **options})


def test_bad_numbers_of_studies():
    with pytest.raises(MapleError, match="workers"):
        phantom_studies(3, workers=0)
    assert phantom_studies(0) == []
