import math

import pytest

from maple_lib.errors import MapleError
from maple_lib.evaluation import score_triplets
from maple_lib.reports.types import Triplet

LEFT = Triplet("left lung", "mass", "present")
RIGHT = Triplet("right lung", "mass", "present")
ABSENT = Triplet("left lung", "edema", "absent")


def scores(predicted, truth):
    return score_triplets(predicted, truth).set_index(["level", "finding"])


def test_perfect_is_one_and_repeats_or_spans_change_nothing():
    again = Triplet("left lung", "mass", "present", sentence=4, span=(3, 9))
    table = scores([[LEFT, ABSENT, again]], [[ABSENT, LEFT]])
    assert (table[["precision", "recall", "f1"]] == 1).all(axis=None)
    assert table.loc[("triplet", "all"), "true"] == 2


def test_the_levels_tell_a_wrong_place_from_a_wrong_state():
    table = scores([[RIGHT, ABSENT]], [[LEFT, ABSENT]])
    assert table.loc[("triplet", "all"), "f1"] == 0.5
    assert table.loc[("finding and existence", "all"), "f1"] == 1
    assert table.loc[("region and finding", "all"), "f1"] == 0.5
    wrong_state = Triplet("left lung", "mass", "uncertain")
    assert scores([[wrong_state]], [[LEFT]]).loc[("region and finding", "all"), "f1"] == 1


def test_items_are_not_mixed():
    assert scores([[LEFT], []], [[], [LEFT]]).loc[("triplet", "all"), "f1"] == 0


def test_per_finding_rows_and_undefined_values():
    table = scores([[LEFT, RIGHT]], [[LEFT, ABSENT]])
    assert table.loc[("triplet", "mass"), "precision"] == 0.5
    assert table.loc[("triplet", "mass"), "recall"] == 1
    assert math.isnan(table.loc[("triplet", "edema"), "precision"])
    assert table.loc[("triplet", "edema"), "f1"] == 0
    assert math.isnan(scores([[]], [[]]).loc[("triplet", "all"), "f1"])


def test_numbers_of_items_must_agree():
    with pytest.raises(MapleError, match="1 predicted, 2 true"):
        score_triplets([[LEFT]], [[LEFT], [LEFT]])


def test_evaluate_runs_a_parser_over_reports_and_prints_its_protocol(toy):
    from types import SimpleNamespace

    from maple_lib.evaluation import evaluate

    def always_left(text):
        return SimpleNamespace(triplets=(Triplet("left lung", "mass", "present"),))

    result = evaluate(always_left, toy.studies, "report_parsing")
    micro = result.summary().set_index("level")
    left_masses = sum(t.key == LEFT.key for s in toy.studies for t in s.triplets)
    assert micro.loc["triplet", "precision"] == pytest.approx(left_masses / len(toy.studies))
    assert "report_parsing v1" in str(result)
    assert result.reports_per_second > 0
    own = evaluate(None, toy.studies, "report_parsing").summary()
    assert (own["f1"] == 1).all()
