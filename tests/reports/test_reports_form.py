"""Sections and sentences: the forms that reports come in."""

from __future__ import annotations

import pytest

from maple_lib.reports import parse

MIMIC = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PORTABLE AP)

 INDICATION:  ___ year old man with pneumonia

 COMPARISON:  ___

 FINDINGS:

 The left PICC line terminates in the mid
 SVC.  There is a small left pleural effusion,
 with adjacent atelectasis.  Dr.
 ___ was informed at 2:25 p.m. by phone.

 IMPRESSION:

 1. Small left effusion.
 2. No pneumothorax.

 ADDENDUM  There is also a 6-mm nodule in the right apex.
"""


def names(text: str) -> list[str]:
    return [section.name for section in parse(text).sections]


def sentences(text: str) -> list[str]:
    return [sentence.text for sentence in parse(text).sentences]


def test_mimic_layout():
    assert names(MIMIC) == [
        "body",
        "examination",
        "indication",
        "comparison",
        "findings",
        "impression",
        "addendum",
    ]
    read = sentences(MIMIC)
    assert "The left PICC line terminates in the mid\n SVC." in read
    assert "Small left effusion." in read
    assert any(text.startswith("Dr.\n ___ was") for text in read)
    assert ("right apical zone", "nodule", "present") in [t.key for t in parse(MIMIC).triplets]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FINDINGS: Clear.\nIMPRESSION: Normal.", ["findings", "impression"]),
        ("findings: clear lungs.\nimpression: stable chest.", ["findings", "impression"]),
        ("INDICATION: Cough. COMPARISON: None. FINDINGS: Clear.", ["indication", "comparison", "findings"]),
        ("COMPARISON: No prior FINDINGS: Clear.", ["comparison", "findings"]),
        ("The lungs are clear.", ["body"]),
        ("REASON FOR EXAM: Fall.\n\nThe lungs are clear.", ["indication", "body"]),
        ("FINDINGS\nThe lungs are clear.\n\nCONCLUSION\nNormal.", ["findings", "conclusion"]),
        ("Findings\ninclude a nodule.", ["body"]),
        ("CLINICAL HISTORY: Cough.", ["history"]),
        ("Impression of a nodule.", ["body"]),
    ],
)
def test_headers(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Nodule of 2.5 cm. No effusion.", 2),
        ("Seen by Dr. Smith at 3:15 p.m. on ___.", 1),
        ("1. Effusion. 2. Edema.", 2),
        ("1) Effusion\n2) Edema", 2),
        ("- Effusion\n- Edema", 2),
        ("Clear lungs.No effusion.", 2),
        ("clear lungs.no effusion is seen.", 2),
        ("pleural\neffusion is small.", 1),
        ("Lungs are clear\nHeart is normal in size", 2),
        ("Opacity vs. atelectasis.", 1),
        ("Lungs are clear The heart is normal.", 2),
        ("In the Right lower lobe.", 1),
        ("?small left effusion.", 1),
        ("No effusion!! Clear?", 2),
        ("XXXX XXXX. ___.", 2),
        ("...", 0),
    ],
)
def test_sentences(text, count):
    assert len(sentences(text)) == count


def test_list_marks_are_outside_the_sentence():
    assert sentences("1. Effusion.\n2. Edema.") == ["Effusion.", "Edema."]


def test_context_sections_state_nothing():
    report = parse("HISTORY: Pneumothorax.\nTECHNIQUE: Portable.\nFINDINGS: Clear lungs.")
    assert {t.finding for t in report.triplets} == {"opacity"}
    assert {t.finding for t in report.context_triplets} == {"pneumothorax"}
