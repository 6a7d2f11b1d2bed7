"""The picture of ablations: every variant at its place, beside the unchanged method."""

import math

import pandas as pd
import pytest

from maple_lib import viz
from maple_lib.errors import MapleError
from maple_lib.viz.saving import alt_text

VALUES = {"own masks": 0.78, "whole-image masks": 0.3, "another patient's masks": 0.5}


def table(values=VALUES, seeds=1):
    rows = [
        {"entry": name, "measure": measure, "mean": mean + more, "sd": 0.02 if seeds > 1 else math.nan}
        for measure, more in (("in_region_pointing", 0.0), ("zero_shot_auc", 0.1))
        for name, mean in values.items()
    ]
    return pd.DataFrame(rows).assign(chance=0.39, seeds=seeds)


def test_variants_stand_in_the_order_asked_for_with_their_values():
    order = [*reversed(VALUES)]
    fig = viz.ablation_figure({"Whose anatomy?": table()}, order)
    assert len(fig.axes) == 2
    labels = fig.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == order
    low, high = sorted(fig.axes[0].get_ylim())
    assert all(low < tick < high for tick in fig.axes[0].get_yticks())
    assert fig.axes[0].get_ylim()[0] > fig.axes[0].get_ylim()[1]  # from the top down
    said = [text.get_text() for text in fig.axes[0].texts]
    assert said == [".50", ".30", ".78", "Whose anatomy?"]


def test_changes_are_drawn_from_the_first_variant_of_the_same_question():
    other = table({"all reports": 0.6, "half of them": 0.4})
    order = [*VALUES, "all reports", "half of them"]
    fig = viz.ablation_figure({"Whose anatomy?": table(), "How many?": other}, order)
    changes = [line.get_xdata() for line in fig.axes[0].lines if line.get_linewidth() == 2.2]
    assert [tuple(xs) for xs in changes] == [(0.78, v) for v in VALUES.values()] + [(0.6, 0.6), (0.6, 0.4)]


def test_texts_neither_meet_nor_leave_the_picture():
    longer = {f"variant number {i} of a long name": 0.1 * i for i in range(6)}
    fig = viz.ablation_figure({"Whose anatomy?": table(), "A question that is longer?": table(longer)})
    boxes = [text.get_window_extent() for ax in fig.axes for text in (*ax.texts, ax.title)]
    boxes += [label.get_window_extent() for label in fig.axes[0].get_yticklabels()]
    assert all(box.x0 >= 0 and box.x1 <= fig.bbox.x1 and box.y0 >= 0 for box in boxes)
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.shrunk(1, 0.8).overlaps(b)]


def test_words_for_who_cannot_see():
    fig = viz.ablation_figure({"Whose anatomy?": table(seeds=3)}, dark=True)
    assert "Whose anatomy? own masks: in-region pointing game 0.78" in alt_text(fig)
    notes = [text.get_text() for text in fig.texts] + [fig.get_supxlabel()]
    assert any("3 seeds" in note and "standard deviation" in note for note in notes)


def test_a_measure_that_one_variant_lacks_is_left_out_there():
    rows = table()
    rows.loc[(rows["entry"] == "whole-image masks") & (rows["measure"] == "zero_shot_auc"), "mean"] = math.nan
    fig = viz.ablation_figure({"Whose anatomy?": rows})
    assert [len(ax.texts) for ax in fig.axes] == [4, 2]


def test_tables_without_the_measures():
    with pytest.raises(MapleError, match="the tables hold: in_region_pointing"):
        viz.ablation_figure({"Whose anatomy?": table()}, measures=["nothing"])
    with pytest.raises(MapleError, match="no measure"):
        viz.ablation_figure({"Whose anatomy?": pd.DataFrame()})
