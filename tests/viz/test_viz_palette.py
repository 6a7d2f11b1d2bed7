from itertools import combinations

import numpy as np
import pytest

from maple_lib.errors import MapleError
from maple_lib.viz.palette import oklch, region_color
from maple_lib.vocabulary import REGIONS, mirror


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def test_every_region_has_a_colour_of_its_own():
    colors = [rgb(region_color(name)) for name in REGIONS]
    assert min(np.abs(a - b).max() for a, b in combinations(colors, 2)) > 0.03


@pytest.mark.parametrize("name", [r for r in REGIONS if r.startswith("right ") and mirror(r) != r])
def test_left_is_the_lighter_of_a_pair(name):
    weights = np.array([0.2126, 0.7152, 0.0722])
    assert rgb(region_color(mirror(name))) @ weights > rgb(region_color(name)) @ weights


def test_colours_stand_out_from_dark_lung():
    assert all(rgb(region_color(name)).max() > 0.55 for name in REGIONS)


def test_unknown_region_is_named():
    with pytest.raises(MapleError, match="left elbow"):
        region_color("left elbow")


def test_oklch_knows_black_white_and_grey():
    assert oklch(0, 0, 0) == "#000000"
    assert oklch(1, 0, 0) == "#ffffff"
    assert len({oklch(0.5, 0, 123)[i : i + 2] for i in (1, 3, 5)}) == 1
