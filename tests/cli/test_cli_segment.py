"""``maple segment``: regions into a table, outlines into a picture, an error for what is neither."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from maple_lib.cli.main import app
from maple_lib.data.mask_codes import encode_mask
from maple_lib.data.phantoms import phantom
from maple_lib.data.rows import ImageRow, RegionRow, StudyRow
from maple_lib.data.table import StudyTable, write_rows
from maple_lib.errors import MapleError

STUDIES = [phantom(77, i, 96, report=False) for i in range(3)]


@pytest.fixture
def folder(tmp_path):
    for i, study in enumerate(STUDIES):
        Image.fromarray((study.image.pixels * 255).astype(np.uint8)).save(tmp_path / f"{i}.png")
    return tmp_path


@pytest.fixture
def table(folder):
    drawn = RegionRow("0", "left lung", rle=encode_mask(STUDIES[0].regions["left lung"]), source="reader")
    rows = [
        StudyRow(
            "test", f"s{i}", f"p{i}", (ImageRow(str(i), f"{i}.png"),), regions=(drawn,) if i == 0 else ()
        )
        for i in range(3)
    ]
    return write_rows(rows, folder / "studies.parquet")


def run(*arguments):
    return CliRunner().invoke(app, ["segment", *map(str, arguments)])


@pytest.mark.parametrize("form", ["masks", "--boxes"])
def test_a_table_gets_regions_and_keeps_its_own(table, folder, form):
    out = folder / "more.parquet"
    options = ["--boxes"] if form == "--boxes" else []
    done = run(table, "--root", folder, "--out", out, "--json", "--quiet", *options)
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert said["studies"] == 3
    assert said["failures"] == []
    assert said["regions"]["segmenter"] > 60
    studies = StudyTable(out, folder)
    assert studies[0].region_sources["left lung"] == "reader"
    np.testing.assert_array_equal(studies[0].regions["left lung"], STUDIES[0].regions["left lung"])
    for study, truth in zip(studies, STUDIES, strict=True):
        mask, wanted = study.regions["right lung"], truth.regions["right lung"]
        least = 0.9 if form == "masks" else 0.6
        assert 2 * (mask & wanted).sum() / (mask.sum() + wanted.sum()) > least
        assert 0 < study.region_confidence["right lung"] <= 1


def test_a_table_can_be_filled_in_its_place(table, folder):
    assert run(table, "--root", folder, "--out", table, "--quiet", "--boxes").exit_code == 0
    again = json.loads(run(table, "--root", folder, "--out", table, "--quiet", "--json").output)
    assert again["regions"] == {}


def test_an_unreadable_image_leaves_its_study_as_it_was(table, folder):
    (folder / "1.png").write_bytes(b"no picture")
    done = run(table, "--root", folder, "--out", folder / "more.parquet", "--json", "--quiet")
    said = json.loads(done.output)
    assert len(said["failures"]) == 1
    assert "1.png" in said["failures"][0]
    assert len(StudyTable(folder / "more.parquet", folder)[1].regions) == 0


@pytest.mark.parametrize("form", ["pixels", "--outlines-only"])
def test_images_give_a_picture(folder, form):
    options = ["--outlines-only"] if form == "--outlines-only" else []
    done = run(folder, "--out", folder / "sheet" / "seen.png", "--json", *options)
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)["images"]
    assert set(said) == {"0.png", "1.png", "2.png"}
    assert set(said["0.png"]["confidence"]) == set(said["0.png"]["sources"])
    with Image.open(folder / "sheet" / "seen.png") as sheet:
        assert "outlines" in sheet.text["Description"]


def test_a_bad_image_is_skipped_and_reported_at_the_end(folder):
    (folder / "0.png").write_bytes(b"no picture")
    done = run(folder, "--out", folder / "seen" / "sheet.png", "--sources", "atlas")
    assert done.exit_code == 0, done.output
    assert "2 studies" in done.output
    assert "1 images could not be read:\n  " in done.output
    assert "0.png: a text file" in done.output
    said = json.loads(
        run(
            folder, "--out", folder / "seen" / "sheet.png", "--sources", "atlas", "--most", 1, "--json"
        ).output
    )
    assert list(said["images"]) == ["1.png"]
    assert len(said["failures"]) == 1
    (folder / "1.png").write_bytes(b"")
    (folder / "2.png").write_bytes(b"")
    error = run(folder, "--out", folder / "none.png").exception
    assert isinstance(error, MapleError)
    assert "3 images: none can be read; the first: " in str(error)
    assert not (folder / "none.png").exists()


def test_equal_names_in_two_folders_stay_apart(folder):
    for old, name in (("0.png", "a"), ("1.png", "b")):
        (folder / name).mkdir()
        (folder / old).rename(folder / name / "0.png")
    places = [folder / "a", folder / "b" / "0.png", folder / "2.png", folder / "a"]
    done = run(*places, "--out", folder / "sheet.png", "--sources", "atlas", "--json")
    assert list(json.loads(done.output)["images"]) == ["a/0.png", "b/0.png", "2.png"]


def test_a_table_whose_root_is_null_is_one_error(table, folder):
    import pyarrow.parquet as pq

    whole = pq.read_table(table)
    said = json.loads(whole.schema.metadata[b"maple"]) | {"root": None}
    pq.write_table(whole.replace_schema_metadata({b"maple": json.dumps(said)}), table)
    for words in (
        ["segment", str(table), "--out", str(folder / "more.parquet")],
        ["doctor", str(table), "--fix", str(folder / "fixed.parquet"), "--quiet"],
        ["train", "--set", f"source={table}", "--set", f"out={folder / 'run'}", "--quiet"],
    ):
        error = CliRunner().invoke(app, words).exception
        assert isinstance(error, MapleError), words
        assert "studies.parquet: its metadata says root: null" in str(error)


def test_outlines_alone_show_nothing_of_the_image(folder):
    """The same outlines over another image give the same picture."""
    from dataclasses import replace

    from maple_lib.viz.outlines import outline_sheet
    from maple_lib.viz.saving import figure_html

    other = replace(STUDIES[0], load_image=STUDIES[1].load_image)
    assert figure_html(outline_sheet([STUDIES[0]], pixels=False)) == figure_html(
        outline_sheet([other], pixels=False)
    )
    assert figure_html(outline_sheet([STUDIES[0]])) != figure_html(outline_sheet([other]))


def test_only_the_sources_named_are_asked(folder):
    done = run(folder / "0.png", "--out", folder / "seen.png", "--sources", "atlas", "--json")
    assert set(json.loads(done.output)["images"]["0.png"]["sources"].values()) == {"atlas"}


def test_what_cannot_be_used_is_named(table, folder, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    for arguments in (
        (empty, "--out", "x.png"),
        (table, table, "--out", "x.parquet"),
        (folder / "0.png", "--out", "x.png", "--sources", "oracle"),
    ):
        assert isinstance(run(*arguments).exception, MapleError)


def test_a_table_is_not_written_under_the_name_of_a_picture(table, folder):
    done = run(table, "--root", folder, "--out", folder / "more.png", "--quiet")
    assert isinstance(done.exception, MapleError)
    assert "end it in .parquet: more.parquet" in str(done.exception)
    assert not (folder / "more.png").exists()
