"""The picture of a board: names that can be read, lines that are there, words for who cannot see."""

import math

import numpy as np
import pandas as pd
import pytest

from maple_lib import viz
from maple_lib.errors import MapleError
from maple_lib.viz.saving import alt_text


def table(entries=7, seeds=3):
    rng, rows = np.random.default_rng(0), []
    for measure, floor in (("in_region_pointing", 0.5), ("zero_shot_auc", math.nan), ("cnr", 3.0)):
        for i in range(entries):
            facts = {
                "entry": f"method {i}",
                "measure": measure,
                "mean": 0.52 + 0.02 * rng.random(),
                "sd": 0.01,
            }
            facts |= {"seeds": seeds, "chance": 0.3, "floor": floor, "ceiling": 0.9, "seconds": 300.0 + i}
            facts |= {"floor_name": "" if math.isnan(floor) else "mean lesion", "seconds_sd": 4.0}
            rows.append(facts)
    return pd.DataFrame(rows)


def test_names_meet_neither_each_other_nor_the_next_panel():
    fig = viz.leaderboard_figure(table(), ["in_region_pointing", "cnr"])
    boxes = [text.get_window_extent() for ax in fig.axes for text in ax.texts]
    assert len(boxes) == 2 * (7 + 3)
    meeting = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.shrunk(1, 0.8).overlaps(b)]
    assert not meeting
    whole = fig.bbox
    assert all(box.x0 >= whole.x0 and box.x1 <= whole.x1 and box.y0 >= whole.y0 for box in boxes)
    assert not any(box.overlaps(fig.axes[1].get_window_extent()) for box in boxes[:10])


def test_lines_are_named_and_an_undefined_one_is_left_out():
    fig = viz.leaderboard_figure(table(2), ["in_region_pointing", "zero_shot_auc"], dark=True)
    said = [[text.get_text() for text in ax.texts] for ax in fig.axes]
    assert "floor: mean lesion  0.50" in said[0]
    assert {"ceiling  0.90", "chance  0.30"} <= set(said[0])
    assert not any("floor" in text for text in said[1])


def test_words_and_files(tmp_path):
    fig = viz.leaderboard_figure(table(2, seeds=1), ["zero_shot_auc", "nothing of that name"])
    assert "zero-shot AUC, mean over findings: method 0 0.5" in alt_text(fig)
    svg = viz.save(fig, tmp_path / "new" / "board.svg").read_text()
    assert svg.count("<svg") == 1
    assert "Quality against minutes of training" in svg
    assert viz.save(fig, tmp_path / "board.png").read_bytes()[:4] == b"\x89PNG"
    assert (tmp_path / "new" / "board.svg").read_bytes() == viz.save(fig, tmp_path / "b.svg").read_bytes()


def test_a_table_without_the_measures():
    with pytest.raises(MapleError, match="the table holds: in_region_pointing"):
        viz.leaderboard_figure(table(), ["laterality"])


def test_processor_minutes_are_the_cost_where_all_are_known():
    known = table(2).assign(cpu_seconds=[600.0, 1200.0] * 3, cpu_seconds_sd=0.0)
    fig = viz.leaderboard_figure(known, ["cnr"])
    assert fig.axes[0].get_xlabel() == "processor minutes of training"
    assert "in 20.0 processor minutes" in alt_text(fig)
    partly = known.assign(cpu_seconds=[600.0, math.nan] * 3)
    assert viz.leaderboard_figure(partly, ["cnr"]).axes[0].get_xlabel() == "minutes of training"


@pytest.mark.parametrize(
    ("seeds", "said"), [([3, 3], "over 3 seeds."), ([3, 2], "over 2 to 3 seeds."), ([1, 1], "no deviation")]
)
def test_how_many_seeds_there_are_is_said(seeds, said):
    fig = viz.leaderboard_figure(table(2).assign(seeds=seeds * 3), ["cnr"])
    assert any(said in text.get_text() for text in fig.texts)
