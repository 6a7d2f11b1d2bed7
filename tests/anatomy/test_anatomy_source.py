"""The chain of sources: what is given stays, the rest is found lazily, absence has a reason."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest

from maple_lib.anatomy.estimate import MIN_SHARE, ScoredMasks, estimate
from maple_lib.anatomy.framing import find_frame
from maple_lib.anatomy.plausible import BROKEN, plausibility
from maple_lib.anatomy.source import RegionEstimate, check_pixels, nothing
from maple_lib.anatomy.sources import anatomy_source, list_anatomy_sources
from maple_lib.data import complete
from maple_lib.data.complete import complete_many, complete_regions
from maple_lib.data.phantoms import phantom
from maple_lib.data.rows import ImageRow
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS

SOME = ("right lung", "left lung", "spine")


class Painter:
    """A source that finds what it is told to find, and counts how often it is asked."""

    def __init__(self, name: str, confidence: dict[str, float]) -> None:
        self.name, self.confidence, self.asked = name, confidence, []

    def regions(self, pixels):
        return self.regions_many([pixels])[0]

    def regions_many(self, images):
        self.asked.append(len(images))
        return [self._paint(pixels) for pixels in images]

    def _paint(self, pixels):
        masks = {name: np.ones(pixels.shape, bool) for name in self.confidence}
        missing = {name: "not visible" for name in REGIONS if name not in masks}
        return RegionEstimate(masks, dict(self.confidence), missing, self.name)


@pytest.fixture
def painters(monkeypatch):
    found = {
        "segmenter": Painter("segmenter", {"left lung": 0.9, "spine": 0.2}),
        "atlas": Painter("atlas", {"left lung": 0.5, "spine": 0.4}),
    }
    monkeypatch.setattr(complete, "anatomy_source", found.__getitem__)
    return found


def study(shape=(40, 30), **known) -> Study:
    reads = []

    def load():
        reads.append(1)
        return Image(np.zeros(shape, np.float32), view=known.get("view"))

    made = Study("s", "p", load, regions=known.get("regions", {}), images=known.get("images", ()))
    made.reads = reads
    return made


def test_each_region_comes_from_the_first_source_that_is_sure_enough(painters):
    whole = study(regions={"right lung": np.eye(40, 30, dtype=bool)})
    done = complete_regions(whole, names=SOME)
    assert dict(done.region_sources) == {"right lung": "given", "left lung": "segmenter", "spine": "atlas"}
    assert dict(done.region_confidence) == {"right lung": 1.0, "left lung": 0.9, "spine": 0.4}
    np.testing.assert_array_equal(done.regions["right lung"], np.eye(40, 30))
    assert done.regions["spine"].all()


def test_given_masks_need_no_pixels_and_no_source(painters):
    given = dict.fromkeys(SOME, np.ones((40, 30), bool))
    whole = study(regions=given)
    done = complete_regions(whole, names=SOME)
    assert set(done.regions) == set(SOME)
    assert dict(done.region_sources) == dict.fromkeys(SOME, "given")
    assert done.regions.missing == {}
    assert whole.reads == []
    assert painters["segmenter"].asked == painters["atlas"].asked == []


def test_a_given_mask_is_there_before_the_image_is_read(painters):
    whole = study(regions={"right lung": np.ones((40, 30), bool)})
    done = complete_regions(whole)
    assert done.regions["right lung"].all()
    assert "right lung" in done.regions
    assert whole.reads == []
    assert "left lung" in done.regions
    assert whole.reads == [1]
    assert done.image is whole.image
    assert whole.reads == [1]


def test_what_nobody_finds_is_missing_with_a_reason(painters):
    done = complete_regions(study(), names=(*SOME, "carina"), threshold=0.45)
    assert set(done.regions) == {"left lung"}
    assert done.regions.missing["spine"] == "not visible: confidence 0.40 is below 0.45 (atlas)"
    assert done.regions.missing["carina"].startswith("not visible")
    with pytest.raises(KeyError):
        done.regions["carina"]
    with pytest.raises(MapleError, match="carina"):
        done.region("carina")


def test_without_given_the_studys_own_masks_are_left_aside(painters):
    done = complete_regions(
        study(regions={"left lung": np.zeros((40, 30), bool)}), ("segmenter",), names=SOME
    )
    assert done.regions["left lung"].all()
    assert dict(done.region_sources) == {"left lung": "segmenter"}


def test_doubtful_given_masks_are_left_to_the_next_source(painters):
    doubtful = replace(
        study(regions={"left lung": np.zeros((40, 30), bool)}), region_confidence={"left lung": 0.1}
    )
    assert complete_regions(doubtful).region_sources["left lung"] == "segmenter"


def test_sources_are_asked_once_for_many_studies(painters):
    whole = [study(), study(regions=dict.fromkeys(SOME, np.ones((40, 30), bool))), study()]
    done = complete_many(whole, names=SOME)
    assert painters["segmenter"].asked == [2]
    assert [dict(d.region_sources) for d in done] == [
        dict(complete_regions(w, names=SOME).region_sources) for w in whole
    ]
    assert complete_many([]) == []


@pytest.mark.parametrize("said", ["file", "table"])
def test_a_lateral_view_shows_no_region(painters, said):
    lateral = (
        study(view="LATERAL") if said == "file" else study(images=(ImageRow("i", "i.png", view="LATERAL"),))
    )
    done = complete_regions(lateral)
    assert len(done.regions) == 0
    assert set(done.regions.missing.values()) == {complete.LATERAL}
    assert painters["segmenter"].asked == []
    assert lateral.reads == ([1] if said == "file" else [])


def test_other_views_are_completed_too(painters):
    whole = replace(study(), other_view=lambda image_id: study())
    assert complete_regions(whole).at("x").region_sources["left lung"] == "segmenter"


@pytest.mark.parametrize(("sources", "threshold"), [(("oracle",), 0.3), ("atlas", 0.3), (("atlas",), 1.5)])
def test_wrong_arguments_are_named(sources, threshold):
    with pytest.raises(MapleError):
        complete_regions(study(), sources, threshold)


def test_sources_have_names():
    for name in list_anatomy_sources():
        assert anatomy_source(name).name == name
    with pytest.raises(MapleError, match="segmenter, atlas"):
        anatomy_source("oracle")


def test_a_completed_phantom_survives_pickling():
    whole = phantom(5, size=96, report=False)
    done = pickle.loads(pickle.dumps(complete_regions(replace(whole, regions={}))))
    assert done.region_sources["left lung"] == "segmenter"


@pytest.mark.parametrize("bad", [np.zeros((2, 3, 4), np.float32), np.zeros((0, 4)), np.full((4, 4), np.nan)])
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(MapleError):
        check_pixels(bad)


def test_a_frame_is_what_lies_inside_constant_borders():
    image = np.zeros((60, 80), np.float32)
    image[10:50, 20:70] = np.random.default_rng(0).random((40, 50))
    frame = find_frame(image)
    assert (frame.top, frame.left, frame.height, frame.width) == (10, 20, 40, 50)
    assert find_frame(np.full((60, 80), 0.3, np.float32)) is None
    assert find_frame(image[:, 18:22]) is None


def test_a_mask_goes_to_the_square_and_back():
    rng = np.random.default_rng(1)
    image = rng.random((90, 140)).astype(np.float32) * 0.1
    image[30:60, 20:100] += 0.9
    frame = find_frame(np.pad(image, 7))
    back = frame.restore(frame.square(np.pad(image, 7), 96)[0, 0] - 0.5)
    truth = np.pad(image > 0.5, 7)
    assert (back & truth).sum() * 2 / (back.sum() + truth.sum()) > 0.97


def squares(**places):
    """Masks of 40 by 40 with a square of 8 at (column, row)."""
    masks = {}
    for name, (x, y) in places.items():
        masks[name] = np.zeros((40, 40), bool)
        masks[name][y : y + 8, x : x + 8] = True
    return masks


def named(**places):
    return {name.replace("_", " "): mask for name, mask in squares(**places).items()}


def test_sound_anatomy_breaks_no_rule():
    sound = named(
        right_lung=(2, 10),
        left_lung=(30, 10),
        trachea=(16, 0),
        carina=(16, 8),
        cardiac_silhouette=(17, 20),
        abdomen=(16, 30),
    )
    assert plausibility(sound) == {}
    assert plausibility({}) == {}
    assert plausibility({"right lung": np.zeros((4, 4), bool)}) == {}


def test_swapped_sides_cost_confidence():
    assert plausibility(named(right_lung=(30, 10), left_lung=(2, 10))) == {
        "right lung": BROKEN,
        "left lung": BROKEN,
    }


def test_order_and_place_are_checked():
    zones = named(left_upper_lung_zone=(0, 20), left_mid_lung_zone=(0, 10), left_lower_lung_zone=(0, 30))
    assert set(plausibility(zones)) == set(zones)
    assert "spine" in plausibility(named(right_lung=(2, 10), left_lung=(14, 10), spine=(30, 10)))
    assert "abdomen" in plausibility(named(cardiac_silhouette=(16, 30), abdomen=(16, 2)))


def test_a_region_in_pieces_costs_confidence():
    pieces = named(spine=(2, 2))
    pieces["spine"][30:38, 30:38] = True
    assert plausibility(pieces) == {"spine": BROKEN}


def test_small_and_doubtful_regions_are_missing():
    import torch

    names = ("spine", "carina", "abdomen")
    scores = torch.full((3, 96, 96), -5.0)
    scores[0, 20:60, 40:50] = 5
    scores[1, 3:5, 3:5] = 5  # less than the least share
    scores[2, 60:90] = 5
    assert MIN_SHARE > 4 / 96**2
    frame = find_frame(np.random.default_rng(0).random((50, 50), dtype=np.float32))
    result = estimate(names, scores, np.array([0.9, 0.9, 0.1]), frame, 0.3, "test")
    assert list(result.masks) == ["spine"]
    assert isinstance(result.masks, ScoredMasks)
    assert set(result.missing) == {"carina", "abdomen"}
    assert all(reason.startswith("not visible") for reason in result.missing.values())
    assert set(nothing(names, "why", "test").missing) == set(names)


def test_specks_do_not_stretch_a_region():
    import torch

    scores = torch.full((1, 96, 96), -5.0)
    scores[0, 20:60, 40:50] = 5
    scores[0, 90:94, 90:94] = 5
    frame = find_frame(np.random.default_rng(0).random((96, 96), dtype=np.float32))
    mask = estimate(("spine",), scores, np.array([0.9]), frame, 0.3, "test").masks["spine"]
    assert mask[40, 45]
    assert not mask[80:].any()
