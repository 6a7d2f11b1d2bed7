"""``maple leaderboard``: a table, a picture, and an exit code that tells of failures."""

import json

import pytest
from typer.testing import CliRunner

from maple_lib.cli.main import app
from maple_lib.errors import MapleError
from maple_lib.leaderboard import Board

SETTINGS = (
    "image_size=64", "image_width=16", "text_width=32", "text_layers=1", "dim=16", "head_hidden=16",
    "batch_size=4", "studies=8", "text_warm_steps=1", "image_warm_steps=1", "steps=2",
)  # fmt: skip


def run(folder, *arguments):
    settings = [word for text in (*SETTINGS, f"cache={folder / 'cache'}") for word in ("--set", text)]
    fixed = ["--preset", "tiny", "--seeds", "1", "--studies", "12", "--workers", "1", "--quiet"]
    asked = ["leaderboard", *fixed, *arguments, "--out", str(folder / "board"), *settings]
    return CliRunner().invoke(app, asked)


@pytest.mark.slow
def test_methods_are_trained_scored_and_drawn(tmp_path):
    done = run(tmp_path, "--methods", "convirt, asg", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert {row["entry"] for row in said["summary"]} == {"convirt", "asg"}
    assert said["command"].startswith("maple leaderboard --preset tiny --seeds 1 --methods 'convirt, asg'")
    assert "--set steps=2" in said["command"]
    folder = tmp_path / "board"
    assert {p.name for p in folder.glob("board.*")} == {
        f"board.{e}" for e in ("parquet", "csv", "json", "png", "svg")
    }
    board = Board.read(folder)
    assert (board.table["seconds"] > 0).all()
    assert (board.table["cpu_seconds"] > 0).all()
    assert "pointing" in set(board.table["measure"])
    again = run(tmp_path, "--methods", "convirt,asg")
    assert again.exit_code == 0, again.output
    assert "(floor)" in again.stdout


@pytest.mark.slow
def test_an_ablation_trains_on_changed_studies(tmp_path):
    done = run(tmp_path, "--ablation", "report_share", "--methods", "convirt")
    assert done.exit_code == 0, done.output
    assert set(Board.read(tmp_path / "board").table["entry"]) == {f"places in {p} %" for p in (100, 50, 10)}
    assert "How many reports must name places?" in (tmp_path / "board" / "board.svg").read_text()


def test_what_cannot_be_asked(tmp_path):
    two = run(tmp_path, "--ablation", "anatomy", "--methods", "asg,convirt")
    assert isinstance(two.exception, MapleError)
    assert "one method" in str(two.exception)
    unknown = run(tmp_path, "--ablation", "nothing")
    assert "use one of: asg_terms" in str(unknown.exception)
    assert not (tmp_path / "board").exists()
