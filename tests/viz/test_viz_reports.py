"""A body map lights what a report says, and nothing else; the widget follows what is typed."""

import asyncio
import xml.etree.ElementTree as ET

import pytest
from matplotlib.text import Text

from maple_lib import viz
from maple_lib.errors import MapleError
from maple_lib.reports import parse
from maple_lib.viz.body_map import LOOKS, healthy_body, lit_regions
from maple_lib.viz.explorer_reports import PAUSE, debounced
from maple_lib.vocabulary import REGIONS

SVG = "{http://www.w3.org/2000/svg}"


def titles(svg):
    """Region -> (fill, words) of the lit shapes of an SVG."""
    shapes = [p for p in ET.fromstring(svg).iter(f"{SVG}path") if p.find(f"{SVG}title") is not None]
    named = [(p.find(f"{SVG}title").text.partition(": "), p.get("fill")) for p in shapes]
    return {name: (fill, words) for (name, _, words), fill in named}


def test_the_strongest_statement_colours_a_region():
    report = "No right pneumothorax. Right lung mass. Possible left lung mass. No left pneumothorax."
    lit = lit_regions(parse(report))
    assert {name: each.existence for name, each in lit.items()} == {
        "left lung": "uncertain",
        "right lung": "present",
    }
    assert list(lit) == ["left lung", "right lung"], "what is present is drawn last, so that nothing hides it"
    assert lit["right lung"].words() == "+ mass, − pneumothorax"
    assert lit["right lung"].words(1) == "+ mass, 1 more"


def test_small_regions_are_drawn_over_large_ones():
    svg = viz.body_map_svg(parse("Left lung mass. Left apical scar. Left hilar calcification. No edema."))
    assert list(titles(svg)) == ["right lung", "left lung", "left apical zone", "left hilar structures"]


def test_the_history_stays_dark():
    assert lit_regions(parse("INDICATION: Left pleural effusion?\nFINDINGS: The patient is rotated.")) == {}


def test_svg_lights_exactly_the_regions_that_are_spoken_of():
    parsed = parse("Small left pleural effusion. No pneumothorax. Possible cardiomegaly. There is a nodule.")
    shown = titles(viz.body_map_svg(parsed))
    assert {name: fill for name, (fill, _) in shown.items()} == {
        "left costophrenic angle": LOOKS["present"].fill,
        "cardiac silhouette": LOOKS["uncertain"].fill,
        "right lung": LOOKS["absent"].fill,
        "left lung": LOOKS["absent"].fill,
    }
    assert "nodule" in ET.fromstring(viz.body_map_svg(parsed)).get("aria-label")


def test_svg_draws_all_regions_and_fetches_nothing():
    svg = viz.body_map_svg(parse(""))
    assert titles(svg) == {}
    assert len(list(ET.fromstring(svg).iter(f"{SVG}path"))) == len(REGIONS)
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")


def test_the_colours_are_those_of_the_marked_report():
    html = parse("Left effusion. No pneumothorax. Possible nodule.")._repr_html_()
    assert all(LOOKS[existence].edge in html for existence in LOOKS)


def test_figure_says_in_words_what_it_shows():
    fig = viz.body_map_figure(parse("Small left pleural effusion. No pneumothorax. There is a nodule."))
    written = " ".join(text.get_text() for text in fig.findobj(Text))
    assert "+ pleural effusion" in written
    assert "no place named: + nodule" in written
    assert "left costophrenic angle: + pleural effusion" in fig.get_label()


def test_figure_of_an_empty_report_says_so():
    assert "states nothing" in viz.body_map_figure(parse("")).get_label()


def test_the_body_is_healthy():
    assert healthy_body().lesions == ()
    assert set(healthy_body().regions) == set(REGIONS)


def test_widget_follows_the_text():
    widget = viz.report_explorer("Left pleural effusion.")
    assert list(titles(widget.body.value)) == ["left costophrenic angle"]
    widget.entry.value = "Right apical pneumothorax."
    assert list(titles(widget.body.value)) == ["right apical zone"]
    assert "pneumothorax" in widget.reading.value
    assert widget.status.value == "sentences: 1, statements: 1"
    assert "http" not in widget.reading.value


@pytest.mark.parametrize("text", ["", "   ", "<script>alert(1)</script> left effusion", "🫁 \u202e ___ ((("])
def test_widget_takes_any_text(text):
    widget = viz.report_explorer(text)
    assert "<script" not in widget.reading.value + widget.body.value
    assert "Not read" not in widget.status.value


def test_widget_shows_an_error_as_one_line_and_keeps_the_picture(monkeypatch):
    widget = viz.report_explorer("Left pleural effusion.")
    before = widget.body.value

    def fail(text):
        raise MapleError("report <b>", "cannot be read", "write another")

    monkeypatch.setattr("maple_lib.viz.explorer_reports.parse", fail)
    widget.entry.value = "Something else."
    assert widget.status.value == "Not read: report &lt;b&gt;: cannot be read — write another"
    assert widget.body.value == before


def test_quick_keys_are_read_once():
    calls = []

    async def type_quickly():
        later = debounced(lambda: calls.append(1), PAUSE / 5)
        for _ in range(20):
            later()
        assert calls == []
        await asyncio.sleep(PAUSE)
        assert calls == [1]
        later()
        await asyncio.sleep(PAUSE)

    asyncio.run(type_quickly())
    assert calls == [1, 1]


def test_staircase_tells_every_step():
    scores = {"a word occurs": {"triplet": 0.1}, "negation": {"triplet": 0.7}}
    fig = viz.staircase_figure(scores, "Steps")
    assert fig.get_label() == "Steps. a word occurs: triplet 0.10; negation: triplet 0.70."
    assert [t.get_text() for t in fig.axes[0].get_yticklabels()] == list(scores)


@pytest.mark.parametrize("scores", [{}, {"a": {"x": 1.0}, "b": {"y": 1.0}}])
def test_staircase_wants_the_same_measures(scores):
    with pytest.raises(MapleError, match="same measures"):
        viz.staircase_figure(scores, "Steps")
