"""``maple doctor``: what it prints, what it writes, and how it ends."""

import csv
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import CliRunner

from maple_lib.cli.main import app
from maple_lib.data.phantoms import phantom
from maple_lib.data.rows import ImageRow, StudyRow
from maple_lib.data.table import StudyTable, TableInfo, write_rows


def make_table(root, broken=False):
    rows = []
    for i in range(4):
        study = phantom(3, i, size=64)
        pixels = np.rint(study.image.pixels * 255).astype(np.uint8)
        PillowImage.fromarray(pixels).save(root / f"{i}.png")
        image = ImageRow(f"i{i}", f"{i}.png", "PA", None, 64, 64)
        labels = {"opacity": i % 2, "nodule": 1 - i % 2}
        row = StudyRow("d", f"s{i}", f"p{i}", (image,), f"Study number {i}.", labels, split="train")
        rows.append(row)
    if broken:
        rows[1] = replace(rows[1], images=(replace(rows[1].images[0], path="gone.png"),))
    return write_rows(rows, root / "studies.parquet", TableInfo("d", str(root)))


def run(*arguments):
    return CliRunner().invoke(app, ["doctor", "--quiet", "--workers", "1", *map(str, arguments)])


def test_a_clean_corpus_ends_with_nought(tmp_path):
    done = run(make_table(tmp_path))
    assert done.exit_code == 0, done.output
    assert "4 studies" in done.stdout


def test_a_fault_ends_with_one_and_is_told_with_its_remedy(tmp_path):
    done = run(make_table(tmp_path, broken=True))
    assert done.exit_code == 1
    assert "missing-image" in done.stdout
    assert "s1" in done.stdout
    assert "Check the root" in done.stdout


def test_json_holds_the_cases(tmp_path):
    told = json.loads(run(make_table(tmp_path, broken=True), "--json").stdout)
    assert told["clean"] is False
    assert [each["check"] for each in told["complaints"] if each["severity"] == "error"] == ["missing-image"]
    assert told["complaints"][0]["cases"] == [{"study_id": "s1", "detail": "no such file"}]


def test_another_root_is_where_images_are_looked_for(tmp_path):
    path = make_table(tmp_path)
    (tmp_path / "empty").mkdir()
    assert run(path, "--root", tmp_path / "empty", "--no-images").exit_code == 1
    assert run(path, "--root", tmp_path, "--no-images").exit_code == 0


def test_page_and_mended_copy_are_written(tmp_path):
    page, fixed = tmp_path / "out" / "doctor.html", tmp_path / "fixed.parquet"
    done = run(make_table(tmp_path, broken=True), "--page", page, "--fix", fixed)
    assert done.exit_code == 1
    assert "<!doctype html>" in page.read_text(encoding="utf-8")
    assert [row.study_id for row in StudyTable(fixed).rows()] == ["s0", "s2", "s3"]
    with (tmp_path / "fixed.changes.csv").open() as file:
        assert {line["study_id"] for line in csv.DictReader(file)} == {"s1"}
    assert run(fixed).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("nowhere.parquet",), "no such file"), (("phantom", "--fix", "x.parquet"), "only a studies table")],
)
def test_what_cannot_be_run_ends_with_two_and_one_line(arguments, says, tmp_path):
    code = "import sys; sys.argv[0:1] = ['maple', 'doctor']; from maple_lib.cli.main import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
