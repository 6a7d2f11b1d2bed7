"""Phrases drawn where they lie, and the pictures of one complaint of the doctor."""

import re

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon, Rectangle

from maple_lib import phantom, viz
from maple_lib.data.doctor import examine
from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.rows import ImageRow
from maple_lib.data.study import Image, Phrase, Study
from maple_lib.errors import MapleError
from maple_lib.viz.palette import region_color
from maple_lib.viz.saving import alt_text

MASK = np.zeros((64, 64), bool)
MASK[20:30, 40:55] = True
PHRASES = (
    Phrase("left basal opacity", "opacity", ((5.0, 30.0, 12.0, 9.0), (40.0, 1.0, 3.0, 4.0)), "left lung"),
    Phrase("a nodule", "nodule", (), None, ((10.0, 10.0, 20.0, 10.0, 20.0, 20.0),)),
    Phrase("an effusion", "pleural effusion", (), None, (), encode_mask(MASK)),
    Phrase("somewhere", "mass", ()),
)


def study(phrases=PHRASES):
    pixels = phantom(3, 0, size=64).image.pixels
    return Study(
        "one", "one", lambda: Image(pixels, view="PA"), phrases=phrases,
        images=(ImageRow("one", "", "PA", None, 64, 64),),
    )  # fmt: skip


def patches(fig, kind):
    return [patch for patch in fig.axes[0].patches if isinstance(patch, kind)]


def test_every_place_is_drawn_where_it_lies():
    fig = viz.boxes_figure(study())
    boxes = [
        (p.get_x() + 0.5, p.get_y() + 0.5, p.get_width(), p.get_height()) for p in patches(fig, Rectangle)
    ]
    assert boxes == list(PHRASES[0].boxes)
    (polygon,) = patches(fig, Polygon)
    assert (polygon.get_xy()[:3] + 0.5).tolist() == [[10, 10], [20, 10], [20, 20]]
    assert len(fig.axes[0].collections) == 1, "the mask's outline"


def test_a_region_has_its_colour_and_others_differ():
    fig = viz.boxes_figure(study())
    colors = [to_hex(patch.get_edgecolor()) for patch in fig.axes[0].patches]
    assert colors[:2] == [region_color("left lung")] * 2
    assert len(set(colors)) == 2


def test_phrases_are_numbered_listed_and_told():
    fig = viz.boxes_figure(study())
    numbers = [t.get_text() for t in fig.axes[0].texts if t.get_text().isdigit()]
    assert numbers == ["1", "1", "2", "3"]
    said = [t.get_text() for t in fig.axes[1].texts]
    assert said[:3] == ["1", "left basal opacity", "opacity, left lung"]
    assert "somewhere" not in " ".join(said), "a phrase without a place is not in the picture"
    assert "3 “an effusion” in rows 20 to 29, columns 40 to 54" in alt_text(fig)


def test_some_phrases_or_none():
    fig = viz.boxes_figure(study(), PHRASES[1:2], title="Found by a model")
    assert not patches(fig, Rectangle)
    assert "Found by a model" in [text.get_text() for text in fig.texts]
    for phrases in ((), PHRASES[3:]):
        with pytest.raises(MapleError, match="study one: has no phrase with a place"):
            viz.boxes_figure(study(phrases))


@pytest.fixture(scope="module")
def diagnosis():
    ill = study((Phrase("left basal opacity", "opacity", PHRASES[0].boxes[:1]),))  # on the patient's right
    return examine([ill, *(phantom(3, i, size=64) for i in range(1, 4))], workers=1, progress=False)


def test_one_complaint_s_pictures_stand_alone(diagnosis):
    page = viz.doctor_pictures(diagnosis, "left-right")
    assert page.count("<figure>") == 1
    assert "<svg" in page
    assert not re.search(r"https?://|src=[\"']//|@import|<script|<link", page)
    rules = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1].splitlines()
    assert len(rules) > 3
    assert all(rule.startswith(".doctor-pictures .") for rule in rules), "it changes nothing beside itself"
    used = set(re.findall(r"var\((--[a-z-]+)\)", page))
    assert all(f"{name}:" in page for name in used), "a style asks for a colour that is not there"


def test_a_complaint_that_is_not_there_is_named_with_those_that_are(diagnosis):
    with pytest.raises(MapleError, match=r"complaint 'headache'.*there is: "):
        viz.doctor_pictures(diagnosis, "headache")
