"""MApLe's states per sentence."""

from __future__ import annotations

import pytest

from maple_lib.errors import MapleError
from maple_lib.reports import CARDIAC_CT, states


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Keine Stenose der RCA.", {"stenosis": "absent"}),
        ("Ausgeprägte Verkalkungen der LAD.", {"calcification": "present"}),
        ("Die Aorta ascendens ist dilatiert.", {"dilated aorta or pulmonary trunk": "present"}),
        ("Unauffälliges Myokard.", {"myocardial anomaly": "absent"}),
        ("Severe calcification, no stenosis.", {"calcification": "present", "stenosis": "absent"}),
        ("Guter Kontrast.", {}),
    ],
)
def test_cardiac_ct(sentence, expected):
    assert states(sentence) == expected


def test_findings_select_and_uncertain_is_a_choice():
    sentence = "Verdacht auf Stenose, ausgeprägte Verkalkungen."
    assert states(sentence, ["stenosis"]) == {"stenosis": "present"}
    assert states(sentence, ["stenosis"], uncertain="absent") == {"stenosis": "absent"}
    assert set(states(sentence)) <= set(CARDIAC_CT)


def test_chest_findings_use_the_chest_vocabulary():
    found = states("Small left effusion without pneumothorax.", ["pleural effusion", "pneumothorax", "mass"])
    assert found == {"pleural effusion": "present", "pneumothorax": "absent"}


def test_faults_are_explained():
    assert states(None) == {}
    with pytest.raises(MapleError, match="flu"):
        states("x", ["flu"])
    with pytest.raises(MapleError, match="decode"):
        states(b"x")
