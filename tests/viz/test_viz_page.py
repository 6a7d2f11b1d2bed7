import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image as PillowImage

from maple_lib import viz
from maple_lib.errors import MapleError
from maple_lib.reports import parse
from maple_lib.viz.page import Page, PageSection, commands, facts, picture, table

ASKS_THE_NET = re.compile(r"https?://|src=[\"']//|@import|<script|<link")


@pytest.fixture
def fig():
    return viz.heat_figure(np.full((20, 20), 0.5, np.float32), np.eye(20, dtype=np.float32), '<b> & "x"')


def test_figure_html_is_one_image_of_its_own(fig):
    element = viz.figure_html(fig)
    assert element.startswith('<img src="data:image/png;base64,')
    assert "&lt;b&gt; &amp;" in element
    assert not ASKS_THE_NET.search(element)


def test_save_writes_the_words_too_and_the_same_bytes_twice(fig, tmp_path):
    first = viz.save(fig, tmp_path / "deep" / "a.png", alt="A white diagonal.")
    again = viz.save(fig, tmp_path / "b.png", alt="A white diagonal.")
    assert PillowImage.open(first).text["Description"] == "A white diagonal."
    assert first.read_bytes() == again.read_bytes()


def test_a_figure_without_words_is_refused(fig, tmp_path):
    fig.set_label("")
    with pytest.raises(MapleError, match="alt text"):
        viz.save(fig, tmp_path / "a.png")


def page(body):
    return Page("T & t", "k", "lead", "", "notice", (PageSection("One & two", body),), "end")


def test_page_stands_alone(tmp_path):
    body = (
        picture("a.png", 'say "x"', dark="b.png")
        + facts({"n": "1"})
        + table(["a"], [["<1>"]])
        + commands("a > b")
    )
    text = page(body).write(tmp_path / "deep" / "index.html").read_text(encoding="utf-8")
    assert not ASKS_THE_NET.search(text)
    assert "prefers-color-scheme: dark" in text
    assert 'id="one-two"' in text
    assert 'href="#one-two"' in text
    assert "&lt;1&gt;" in text
    assert "a &gt; b" in text
    assert all("alt=" in image for image in re.findall(r"<img[^>]*>", text))


def test_a_dollar_in_the_body_is_a_dollar():
    assert "costs $5 $title" in str(page("costs $5 $title"))


def test_report_html_marks_words_by_state():
    text = "FINDINGS: Left pleural effusion. No pneumothorax. <i>"
    made = viz.report_html(parse(text))
    assert re.search(r"underline solid 2px #[0-9a-f]{6}[^>]*>[^<]*pleural effusion</span>", made)
    assert re.search(r"underline dotted 2px #[0-9a-f]{6}[^>]*>pneumothorax</span>", made)
    assert "&lt;i&gt;" in made


def test_viz_is_imported_without_matplotlib():
    code = "import sys, maple_lib.viz; sys.exit('matplotlib' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_demo_writes_its_page(tmp_path):
    from maple_lib.cli.demo import run_demo

    small = {"studies": 40, "steps": 2, "text_warm_steps": 2, "image_warm_steps": 2, "workers": 1}
    made = run_demo(tmp_path / "demo", progress=False, held_out=40, **small)
    text = made.read_text(encoding="utf-8")
    assert not ASKS_THE_NET.search(text)
    assert "it knows phantoms" in text
    named = set(re.findall(r'(?:src|srcset|href)="([^"#]+)"', text))
    assert {"walk.png", "metrics_dark.png", "results.json"} <= named
    assert all((made.parent / name).is_file() for name in named)
    results = json.loads((made.parent / "results.json").read_text(encoding="utf-8"))
    assert {"random", "centre blob", "region prior", "mean lesion"} <= {
        r["source"] for r in results["grounding"]
    }
    assert len(results["phrases"]) >= 4
