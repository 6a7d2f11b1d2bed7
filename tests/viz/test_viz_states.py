import pytest
import torch

from maple_lib import viz
from maple_lib.errors import MapleError
from maple_lib.methods.state_likeness import state_likeness


def likeness(finding, apart):
    torch.manual_seed(0)
    states = torch.tensor([0, 1] * 10)
    embeddings = torch.randn(20, 8) + apart * (2 * states[:, None] - 1)
    return state_likeness(finding, embeddings, states)


def test_the_words_tell_what_the_picture_shows():
    fig = viz.states_figure([likeness("edema", 0.0)], [likeness("edema", 5.0)])
    html = viz.figure_html(fig)
    assert "edema: same and opposite states" in html
    assert len(fig.axes) == 2


def test_findings_must_agree():
    with pytest.raises(MapleError, match="same findings"):
        viz.states_figure([likeness("edema", 0.0)], [likeness("opacity", 1.0)])
    with pytest.raises(MapleError, match="same findings"):
        viz.states_figure([], [])
