"""What phantoms are asked to show."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from maple_lib.data.phantoms import PLACES, PlannedFinding, sample_plan
from maple_lib.errors import MapleError
from maple_lib.vocabulary import FINDINGS, REGIONS

PAIRS = ("edema", "hyperinflation")


def plans(n=400, **options):
    return [sample_plan(np.random.default_rng([11, i]), **options) for i in range(n)]


def count(plan) -> int:
    """Findings, a pair counted once."""
    return len(plan) - sum(p.finding in PAIRS and p.region == "left lung" for p in plan)


def test_every_place_is_in_the_vocabulary():
    assert len(PLACES) == 18
    assert set(PLACES) <= set(FINDINGS)
    assert {region for regions in PLACES.values() for region in regions} <= set(REGIONS)


def test_plans_are_varied_and_well_formed():
    sampled = plans()
    assert {count(plan) for plan in sampled} == {0, 1, 2, 3}
    seen = Counter((p.finding, p.region) for plan in sampled for p in plan)
    assert set(seen) >= {(f, r) for f, regions in PLACES.items() if f != "pacemaker" for r in regions[:1]}
    for plan in sampled:
        assert all(p.region in PLACES[p.finding] and 0 <= p.severity <= 1 for p in plan)
        places = [p.region.replace("apical zone", "upper lung zone") for p in plan]
        assert len(set(places)) == len(places)


def test_edema_and_hyperinflation_come_as_pairs():
    for plan in plans():
        for name in PAIRS:
            pair = [p for p in plan if p.finding == name]
            assert [p.region for p in pair] in ([], ["right lung", "left lung"])
            assert len({p.severity for p in pair}) <= 1


def test_difficulty_orders_severity_and_size():
    means, sizes = [], []
    for difficulty in ("hard", "realistic", "easy"):
        sampled = [p for plan in plans(difficulty=difficulty) for p in plan]
        means.append(np.mean([p.severity for p in sampled]))
        sizes.append(np.mean([p.size_mm for p in sampled if p.finding == "nodule"]))
    assert means == sorted(means)
    assert sizes == sorted(sizes)


def test_measured_findings_have_sizes_that_fit_their_name():
    for difficulty in ("easy", "realistic", "hard"):
        for p in (p for plan in plans(difficulty=difficulty) for p in plan):
            if p.finding == "nodule":
                assert 5 <= p.size_mm <= 30
            elif p.finding == "mass":
                assert p.size_mm > 30
            else:
                assert p.size_mm is None


@pytest.mark.parametrize("probability", [0.0, 0.5, 0.9, 1.0])
def test_correlations_are_honoured(probability):
    options = {"findings": ["pleural effusion"], "correlations": {"pleural effusion": {"line": probability}}}
    share = np.mean([any(p.finding == "line" for p in plan) for plan in plans(**options)])
    assert share == pytest.approx(probability, abs=0.07)


def test_correlations_add_nothing_where_the_first_is_absent():
    sampled, plain = plans(correlations={"pleural effusion": {"line": 1.0}}), plans()
    for with_line, without in zip(sampled, plain, strict=True):
        if not any(p.finding == "pleural effusion" for p in without):
            assert with_line == without


def test_a_correlation_also_lowers_what_chance_would_give():
    sampled = plans(2000, correlations={"pleural effusion": {"line": 0.0}})
    both = [plan for plan in sampled if {"pleural effusion", "line"} <= {p.finding for p in plan}]
    assert both == []


def test_chosen_findings_are_kept_in_order():
    given = PlannedFinding("mass", "left mid lung zone", 0.25, 40.0)
    plan = sample_plan(
        np.random.default_rng(0), findings=["edema", ("nodule", "right upper lung zone"), given]
    )
    assert [p.finding for p in plan] == ["edema", "edema", "nodule", "mass"]
    assert plan[2].region == "right upper lung zone"
    assert plan[3] == given
    assert sample_plan(np.random.default_rng(0), findings=[]) == ()


def test_names_given_twice_find_two_places():
    plan = sample_plan(
        np.random.default_rng(0), findings=["nodule", "nodule", "pleural effusion", "pleural effusion"]
    )
    assert len({(p.finding, p.region) for p in plan}) == 4


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        (["pneumonia"], "it draws: opacity"),
        ([("pneumothorax", "left lung")], "left apical zone"),
        ([("nodule", "cardiac silhouette")], "right upper lung zone"),
        (["cardiomegaly", "cardiomegaly"], "no free region"),
        ([("mass", "left mid lung zone")] * 2, "given twice"),
        ([PlannedFinding("opacity", "left mid lung zone", 1.5)], "give 0 to 1"),
        ([PlannedFinding("nodule", "left mid lung zone", 0.5, 45.0)], "5.0 to 30.0"),
        ([PlannedFinding("edema", "left lung", 0.5, 45.0)], "no size"),
        ("edema", "give a list"),
        ([3], "not understood"),
    ],
)
def test_what_cannot_be_drawn_is_an_error_that_helps(findings, words):
    with pytest.raises(MapleError, match=words):
        sample_plan(np.random.default_rng(0), findings=findings)


def test_bad_difficulty_and_correlations():
    rng = np.random.default_rng(0)
    with pytest.raises(MapleError, match="easy, realistic, hard"):
        sample_plan(rng, "medium")
    with pytest.raises(MapleError, match="0 to 1"):
        sample_plan(rng, correlations={"edema": {"line": 1.2}})
    with pytest.raises(MapleError, match="it draws"):
        sample_plan(rng, correlations={"edema": {"catheter": 0.2}})
