import warnings

import numpy as np
import pytest

from maple_lib import viz
from maple_lib.errors import MapleError
from maple_lib.viz.saving import alt_text


@pytest.fixture
def item():
    heat = np.zeros((60, 50), np.float32)
    heat[10, 20] = 0.7
    truth = np.zeros((60, 50), bool)
    truth[5:15, 15:25] = True
    return {"pixels": np.full((60, 50), 0.4, np.float32), "heat": heat, "phrase": "a mass", "truth": truth}


def test_peak_and_hit(item):
    grounded = viz.Grounded(**item)
    assert grounded.peak == (10, 20)
    assert grounded.hit is True
    assert viz.Grounded(**{**item, "truth": ~item["truth"]}).hit is False
    assert viz.Grounded(**{**item, "truth": None}).hit is None


def test_nan_outside_the_crop_is_not_drawn_and_does_not_warn(item):
    item["heat"][:5] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = viz.heat_figure(**item)
        fig.draw_without_rendering()
    overlay = fig.axes[1].images[1].get_array()
    assert (overlay[:5, :, 3] == 0).all()
    assert overlay[10, 20, 3] == overlay[..., 3].max() > 0.5


def test_a_flat_map_can_be_drawn(item):
    item["heat"][:] = 0.2
    viz.heat_figure(**item).draw_without_rendering()


def test_heat_figure_says_what_it_shows(item):
    fig = viz.heat_figure(**item)
    assert "a mass" in alt_text(fig)
    assert "inside the truth" in alt_text(fig)
    assert fig.axes[2].get_ylabel() == "cosine similarity"


def test_without_truth_nothing_is_claimed(item):
    fig = viz.heat_figure(item["pixels"], item["heat"], item["phrase"])
    assert "truth" not in alt_text(fig)


@pytest.mark.parametrize(("number", "axes"), [(1, 2), (2, 4), (5, 12)])
def test_panel_has_a_pair_for_every_phrase(item, number, axes):
    fig = viz.grounding_panel([viz.Grounded(**item)] * number)
    assert len(fig.axes) == axes
    assert alt_text(fig).count("a mass") == number


def test_shapes_must_agree(item):
    with pytest.raises(MapleError, match=r"\(3, 3\)"):
        viz.heat_figure(item["pixels"], np.zeros((3, 3), np.float32), "a mass")
    with pytest.raises(MapleError, match="no value"):
        viz.heat_figure(item["pixels"], np.full((60, 50), np.nan, np.float32), "a mass")
