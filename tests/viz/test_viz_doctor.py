"""The doctor's page: alone, readable, and without a word too many."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from maple_lib.data.doctor import Case, Complaint, Diagnosis, examine
from maple_lib.data.doctor.diagnosis import Balance
from maple_lib.data.phantoms import phantom
from maple_lib.data.rows import ImageRow
from maple_lib.data.study import Image, Phrase, Study
from maple_lib.viz.doctor_charts import balance_chart, split_bar
from maple_lib.viz.doctor_page import doctor_page, write_doctor_page

ASKS_THE_NET = re.compile(r"https?://|src=[\"']//|@import|<script|<link")


def ill_study():
    """Its phrase lies on the wrong side, its label is denied, its report names somebody."""
    pixels = phantom(3, 0, size=64).image.pixels
    return Study(
        "ill",
        "ill",
        lambda: Image(pixels, view="PA"),
        report="FINDINGS: No pneumothorax on 3/14/2019, says Dr. Frankenstein <i>twice</i>. "
        "<b>The rest</b> is secret.",
        labels={"pneumothorax": 1},
        phrases=(Phrase("left basal opacity", "opacity", ((5.0, 30.0, 12.0, 9.0),)),),
        images=(ImageRow("ill", "", "PA", None, 64, 64),),
    )


@pytest.fixture(scope="module")
def page():
    studies = [ill_study(), *(phantom(3, i, size=64) for i in range(1, 5))]
    return doctor_page(examine(studies, workers=1, progress=False), "a <corpus>")


def test_the_page_asks_for_nothing_and_knows_the_dark(page, tmp_path):
    assert not ASKS_THE_NET.search(page)
    assert "prefers-color-scheme: dark" in page
    assert "a &lt;corpus&gt;" in page


def test_every_picture_has_words(page):
    pictures = re.findall(r"<svg[^>]*>", page)
    assert len(pictures) >= 3
    assert all('aria-label="' in picture and 'role="img"' in picture for picture in pictures)


def test_every_svg_is_well_formed(page):
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(drawing)


def test_only_the_contradicting_sentence_is_shown_its_words_marked_its_names_blacked_out(page):
    assert "<mark>pneumothorax</mark>" in page
    assert "█" in page
    assert "&lt;i&gt;twice" in page
    assert not any(word in page for word in ("Frankenstein", "2019", "secret", "<b>The rest"))


def test_boxes_are_drawn_where_they_are(page):
    assert re.search(r'<rect x="5.0" y="30.0" width="12.0" height="9.0"', page)


def test_every_section_can_be_reached(page):
    targets = re.findall(r'href="#([^"]+)"', page)
    assert targets
    assert len(set(targets)) == len(targets)
    assert all(f'id="{target}"' in page for target in targets)


def test_an_image_that_cannot_be_read_leaves_a_page_all_the_same(tmp_path):
    diagnosis = examine([phantom(3, i, size=64) for i in range(3)], workers=1, progress=False)
    diagnosis.exam.corpus.pictures[0] = tmp_path / "gone.png"
    case = Case("s", "d", 0, 0)
    complaint = Complaint("polarity", "warning", "Title", "What.", "Why.", "Remedy.", (case,))
    ill = Diagnosis((complaint,), diagnosis.counts, diagnosis.splits, exam=diagnosis.exam)
    assert "no picture" in write_doctor_page(ill, tmp_path / "new" / "p.html").read_text(encoding="utf-8")


def test_a_long_list_is_folded_and_cut():
    cases = tuple(Case(f"study-{i}") for i in range(500))
    complaint = Complaint("identifier", "warning", "Title", "What.", "Why.", "Remedy.", cases)
    page = doctor_page(Diagnosis((complaint,), {"studies": 500}, {None: 500}))
    assert "<details>" in page
    assert "300 more" in page
    assert page.count("<tr>") < 250


def test_a_clean_corpus_says_so():
    page = doctor_page(Diagnosis((), {"studies": 3}, {"train": 3}, checked={"ids": 0}))
    assert "no error, no warning" in page
    assert "✓" in page


def test_bars_are_as_long_as_their_numbers():
    chart = balance_chart([Balance("mass", "train", 30, 10, 0), Balance("mass", "test", 15, 5, 0)])
    widths = [
        float(w) + 1 for w in re.findall(r'class="present" x="[\d.]+" y="[\d.]+" width="([\d.]+)"', chart)
    ]
    assert np.isclose(widths[1], 2 * widths[2], rtol=0.02)  # the first is the legend's
    bar = split_bar({"train": 3, "test": 1})
    train, test = (float(w) + 2 for w in re.findall(r'width="([\d.]+)" height="16"', bar))
    assert np.isclose(train, 3 * test, rtol=0.02)
    assert split_bar({}) == ""
