"""``maple ingest``: a table and a summary, or one line that says what to do."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image as Pillow
from typer.testing import CliRunner

from maple_lib.cli.main import app
from maple_lib.data.table import StudyTable, ingesting
from maple_lib.data.table.parts import parts_folder
from maple_lib.errors import MapleError


@pytest.fixture
def folder(tmp_path):
    """A plain folder of five images, two with a report, and one file that is no image."""
    root = tmp_path / "images"
    root.mkdir()
    for number in range(5):
        Pillow.fromarray(np.zeros((8, 8), np.uint8)).save(root / f"{number}.png")
    for number in (1, 3):
        (root / f"{number}.txt").write_text("Small left pleural effusion. No pneumothorax.")
    (root / "x.png").write_text("no image")
    return root


def run(folder, *arguments):
    out = folder.parent / "t.parquet"
    given = ["ingest", "folder", "--root", folder, "--out", out, "--workers", 1, *arguments]
    return CliRunner().invoke(app, [str(each) for each in given]), out


def test_a_table_and_a_summary_to_read(folder):
    done, out = run(folder)
    assert done.exit_code == 0
    assert "5 studies of folder, 5 images" in done.stdout
    assert "with a report 2" in done.stdout
    assert "skipped 1, listed in t.failures.jsonl" in done.stdout
    assert "x.png" in done.stdout
    assert re.search(r"studies/s\)", done.stdout)
    assert "100%" in done.stderr
    assert len(StudyTable(out)) == 5


def test_a_summary_to_compute_with(folder):
    done, _ = run(folder, "--json", "--quiet")
    said = json.loads(done.stdout)
    assert (said["studies"], said["with_report"], said["skipped"], said["split_none"]) == (5, 2, 1, 5)
    assert said["problems"] == []
    assert done.stderr == ""


def test_limit_and_parsing_can_be_set(folder):
    done, out = run(folder, "--limit", 2, "--no-parse", "--json", "--quiet")
    assert json.loads(done.stdout)["studies"] == 2
    assert [row.triplets for row in StudyTable(out).rows()] == [None, None]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "colour=red"], "its options are: root"),
        (["--set", "colour"], "has no '='"),
        (["--set", "workers=2"], "write --workers instead"),
        (["--workers", "0"], "at least one process"),
    ],
)
def test_wrong_options_are_one_error(folder, arguments, says):
    done, out = run(folder, *arguments)
    assert done.exit_code != 0
    assert isinstance(done.exception, MapleError)
    assert says in str(done.exception)
    assert not out.exists()


def test_ctrl_c_says_how_to_continue_and_the_same_command_does(folder, monkeypatch):
    monkeypatch.setattr(ingesting, "CHUNK", 2)
    real = ingesting.make_part

    def stopping(job, number):
        if number == 2:
            raise KeyboardInterrupt
        return real(job, number)

    monkeypatch.setattr(ingesting, "make_part", stopping)
    done, out = run(folder)
    assert done.exit_code == 130
    assert "run the same command again to continue" in done.stderr
    assert not out.exists()
    monkeypatch.setattr(ingesting, "make_part", real)
    done, _ = run(folder, "--json", "--quiet")
    assert json.loads(done.stdout)["studies"] == 5
    assert not parts_folder(out).exists()


SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
from maple_lib.data.table import chunk, ingesting
ingesting.CHUNK = 1
real = chunk.make_part
def slow(job, number):
    time.sleep(1)  # far more than it takes to see the first part and to interrupt
    return real(job, number)
chunk.make_part = slow
sys.argv = ["maple", *sys.argv[1:]]
from maple_lib.cli.main import main
main()
"""


@pytest.mark.slow
def test_ctrl_c_with_workers_keeps_what_is_done_and_leaves_no_process(folder):
    out = folder.parent / "t.parquet"
    command = [sys.executable, "-c", SLOW, "ingest", "folder", "--root", folder, "--out", out, "--quiet"]
    process = subprocess.Popen(
        [str(each) for each in command],
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    while not list(parts_folder(out).glob("0*.parquet")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"run the same command again to continue" in said
    assert b"Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    done, _ = run(folder, "--json", "--quiet")
    assert isinstance(done.exception, MapleError)  # chunks of another size: nothing is mixed
