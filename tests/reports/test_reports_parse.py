"""Parsing a report: structure, bad input, and what holds for any text."""

from __future__ import annotations

import json
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maple_lib.errors import MapleError
from maple_lib.reports import Parser, parse
from maple_lib.vocabulary import mirror

REPORT = """EXAMINATION: Chest, two views.

INDICATION: Cough, evaluate for pneumonia.

COMPARISON: None.

FINDINGS: Small left pleural effusion with adjacent atelectasis. No pneumothorax.
Heart size is normal.

IMPRESSION: 1. Small left effusion.
2. A 9 mm nodule in the right upper lobe is unchanged."""

SOUP = (
    "no left right bilateral effusion pneumothorax opacity may represent the is seen in base lung and or "
    ", . ; with without heart enlarged clear FINDINGS: IMPRESSION: it unchanged 2.5 cm tip SVC catheter ? not"
)
WORDS = st.sampled_from([*SOUP.split(" "), "\n", "\n\n"])
TEXTS = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=60).map(" ".join))


def test_triplets_come_with_spans_and_sections_apart():
    report = parse(REPORT)
    effusion = report.triplets[0]
    assert effusion.key == ("left costophrenic angle", "pleural effusion", "present")
    assert report.text[slice(*effusion.span)] == "pleural effusion"
    assert report.text[slice(*effusion.region_span)] == "left"
    assert report.sentences[effusion.sentence].text.startswith("Small left")
    assert [t.key for t in report.context_triplets] == [(None, "pneumonia", "uncertain")]
    assert [t.implied for t in report.triplets if t.finding == "cardiomegaly"] == [True]


def test_attributes_tell_severity_comparison_and_size():
    report = parse(REPORT)
    nodule = next(t for t in report.triplets if t.finding == "nodule")
    assert dict(nodule.attributes) == {"size_mm": "9", "comparison": "unchanged"}
    assert report.triplets[0].attributes["severity"] == "mild"
    assert parse("2.5 cm mass.").triplets[0].attributes["size_mm"] == "25"
    assert "size_mm" not in parse("Tube 4 cm above the carina.").triplets[0].attributes


def test_findings_text_policy():
    assert parse(REPORT).findings_text.startswith("Small left")
    assert parse("HISTORY: Cough.\n\nIMPRESSION: Clear lungs.").findings_text == "Clear lungs."
    assert parse("Chest film.\n\nThe lungs are clear.").findings_text == "The lungs are clear."


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pd.NA, "", "  \n\t"])
def test_missing_text_gives_an_empty_result_with_a_reason(missing):
    report = parse(missing)
    assert report.reason
    assert report.triplets == ()
    assert "Nothing to read" in report._repr_html_()


@pytest.mark.parametrize(("wrong", "said"), [(b"No effusion.", "decode"), (3, "string"), (["x"], "string")])
def test_wrong_types_are_explained(wrong, said):
    with pytest.raises(MapleError, match=said):
        parse(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "((([[[",
        "\U0001f600" * 50,
        "\u202eNo effusion\u202c",
        "No\x00effusion.",
        "İİİ left effusion",
        "\r\n\r\n.",
    ],
)
def test_odd_text_is_read_without_error(text):
    check_any(text)


def test_windows_line_ends_change_nothing():
    keys = [t.key for t in parse(REPORT).triplets]
    assert [t.key for t in parse(REPORT.replace("\n", "\r\n")).triplets] == keys


def test_mirrored_words_give_mirrored_regions():
    swapped = REPORT.replace("left", "LEFT").replace("right", "left").replace("LEFT", "right")
    mirrored = [(mirror(r) if r else None, f, e) for r, f, e in (t.key for t in parse(REPORT).triplets)]
    assert sorted(map(str, mirrored)) == sorted(map(str, (t.key for t in parse(swapped).triplets)))


def test_upper_case_changes_nothing():
    text = "Small left effusion. No pneumothorax. Heart size is normal."
    assert [t.key for t in parse(text.upper()).triplets] == [t.key for t in parse(text).triplets]


def test_dictionary_is_json_and_frame_has_a_row_per_triplet():
    report = parse(REPORT)
    again = json.loads(json.dumps(report.to_dict()))
    assert len(again["triplets"]) == len(report.triplets)
    frame = report.to_frame()
    assert len(frame) == len(report.triplets) + len(report.context_triplets)
    assert list(frame["context"]).count(True) == len(report.context_triplets)


def test_html_marks_and_escapes():
    html = parse("Left effusion <script>alert(1)</script>. No nodule.")._repr_html_()
    assert "<script>" not in html
    assert "line-through" in html
    assert "underline" in html


def test_extra_vocabulary_is_read(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("findings:\n  nodule: {words: [speck+]}\n")
    text = "Specks in the right apex."
    assert parse(text).triplets == ()
    assert Parser(extra=path).parse(text).triplets[0].key == ("right apical zone", "nodule", "present")


def test_memo_changes_nothing_and_stays_small():
    parser = Parser(memo=2)
    for text in (REPORT, REPORT, "Left effusion. Right effusion. No mass. Clear lungs."):
        assert parser.parse(text) == parse(text)
    assert len(parser._memo) == 2
    with pytest.raises(MapleError, match="memo=-1"):
        Parser(memo=-1)


def check_any(text: str) -> None:
    report = parse(text)
    assert report == parse(text)
    if report.reason in ("", "no sentence in the text"):
        spans = [section.span for section in report.sections]
        assert "".join(text[a:b] for a, b in spans) == text
    for sentence in report.sentences:
        assert text[slice(*sentence.span)] == sentence.text
    for triplet in (*report.triplets, *report.context_triplets):
        first, last = report.sentences[triplet.sentence].span
        for start, end in filter(None, (triplet.span, triplet.region_span)):
            assert first <= start < end <= last


def calls_to_parse(text: str) -> int:
    """How many Python functions a parse enters: work that a slow machine does not change."""
    entered = [0]

    def count(frame: object, event: str, argument: object) -> None:
        entered[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        parse(text)
    finally:
        sys.setprofile(None)
    return entered[0]


UNITS = [
    "a",
    "(",
    "\n",
    "!",
    "no effusion, ",
    "left effusion and right opacity ",
    "the heart is enlarged and ",
]
UNITS += [
    "left ",
    "upper and ",
    "HISTORY: a\n\n\n",
    "line tip ",
    "may or possible edema vs ",
    "lungs heart clear ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_work_grows_in_proportion_to_length(unit):
    parse(unit)
    short, long = (calls_to_parse(unit * (n // len(unit))) for n in (4_000, 16_000))
    assert long <= 5 * short


@pytest.mark.slow
@pytest.mark.parametrize("letter", ["a", "(", " ", "\t", "*", "\n", ".", "!", "_", "?", "\x00", "\U0001f600"])
def test_a_megabyte_of_one_character_is_read(letter):
    check_any(letter * 1_000_000)


@given(TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_keeps_spans_inside_and_sections_covering(text):
    check_any(text)
    json.dumps(parse(text).to_dict())
    parse(text)._repr_html_()
