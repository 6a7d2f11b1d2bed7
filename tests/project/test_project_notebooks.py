"""Every notebook is stripped, tells a story, and keeps its cells short."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LONGEST_CELL = 15
WORDS_A_CELL = 25


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def cells(notebook, kind):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def text(cell):
    return "".join(cell["source"])


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS][:1] == ["00_setup_and_tour"]


def test_outputs_are_stripped(notebook):
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells(notebook, "code"))
    assert "widgets" not in notebook["metadata"]


def test_there_is_a_story(notebook):
    words = sum(len(text(cell).split()) for cell in cells(notebook, "markdown"))
    assert words >= WORDS_A_CELL * len(cells(notebook, "code"))


def test_cells_are_short(notebook):
    long = [text(cell) for cell in cells(notebook, "code") if len(text(cell).splitlines()) > LONGEST_CELL]
    assert long == []


def test_nothing_is_installed_or_fetched(notebook):
    for cell in cells(notebook, "code"):
        assert not any(word in text(cell) for word in ("!pip", "%pip", "http://", "https://"))


def test_no_widget_captures_output(notebook):
    """Output widgets, and interact with them, now and then block an execution without a browser for ever."""
    for cell in cells(notebook, "code"):
        assert not any(word in text(cell) for word in ("interact(", "interactive(", "Output("))


@pytest.mark.parametrize("heading", ["Goal", "Prerequisites", "Minutes", "Hardware"])
def test_the_reader_is_told_what_awaits_them(notebook, heading):
    assert heading in text(cells(notebook, "markdown")[0])


@pytest.mark.parametrize("heading", ["## Exercise", "## Recap", "## Further reading"])
def test_it_ends_as_every_notebook_does(notebook, heading):
    assert any(heading in text(cell) for cell in cells(notebook, "markdown"))
