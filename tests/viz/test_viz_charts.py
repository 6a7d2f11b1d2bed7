import math
import warnings

import numpy as np
import pandas as pd
import pytest

from maple_lib import viz
from maple_lib.cli.demo_metrics import explain_metrics
from maple_lib.errors import MapleError
from maple_lib.viz.losses import smooth
from maple_lib.viz.saving import alt_text


@pytest.fixture
def summary():
    rows = []
    for source, mean in (("method", 0.5), ("random", 0.1), ("region prior", 0.7), ("oracle", math.nan)):
        for metric in ("pointing", "cnr", "chance", "region_chance"):
            facts = {"method": "asg", "source": source, "gated": False, "phrases": "placed", "metric": metric}
            rows.append(facts | {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": 9})
    return pd.DataFrame(rows)


def log():
    for stage, terms in (("warm_text", ("warm_text",)), ("align", ("global", "region_sentence"))):
        for step in range(30):
            loss = dict.fromkeys(terms, 3.0 - step / 20)
            yield {"stage": stage, "step": step, "loss": {"total": sum(loss.values()), **loss}}


@pytest.mark.parametrize("dark", [False, True])
def test_metrics_figure_has_a_panel_a_metric_and_all_sources(summary, dark):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fig = viz.metrics_figure(summary, ["pointing", "cnr"], dark=dark)
        fig.draw_without_rendering()
    assert len(fig.axes) == 2
    named = [t.get_text() for t in fig.axes[0].get_yticklabels()]
    assert named == ["asg", "random", "region prior", "ceiling of the grid"]
    assert " undefined" in [t.get_text() for t in fig.axes[0].texts]
    assert "method 0.50" in alt_text(fig)


def test_metrics_that_are_not_there(summary):
    with pytest.raises(MapleError, match="pointing"):
        viz.metrics_figure(summary, ["recall"])


def test_words_tell_which_floors_are_passed(summary):
    words = explain_metrics(summary.to_dict("records"))
    assert "Above random; not above region prior (70%)." in words
    assert "nan" not in words


def test_loss_figure_has_stages_terms_and_chance():
    fig = viz.loss_figure(list(log()), {"global": 2 * math.log(32)})
    fig.draw_without_rendering()
    assert [ax.get_title(loc="left") for ax in fig.axes] == ["warm start: text", "alignment"]
    terms = [t.get_text() for t in fig.axes[1].get_legend().get_texts()]
    assert terms == ["total", "global", "region–sentence"]
    assert any(math.isclose(line.get_ydata()[0], 2 * math.log(32)) for line in fig.axes[1].lines)


def test_an_empty_log_is_an_error():
    with pytest.raises(MapleError, match="train first"):
        viz.loss_figure([])


def test_smoothing_keeps_lines_and_length():
    assert np.allclose(smooth(np.full(40, 2.5)), 2.5)
    ramp = np.arange(100.0)
    assert np.allclose(smooth(ramp)[10:-10], ramp[10:-10])
    assert len(smooth(np.array([1.0]))) == 1
