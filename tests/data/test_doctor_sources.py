"""The doctor on folders, samples, real radiographs, and on what is no corpus."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from maple_lib.data.doctor import examine
from maple_lib.data.doctor.check_labels import kinds_of
from maple_lib.data.doctor.check_sides import side_of_words
from maple_lib.data.doctor.shapes import around, around_runs
from maple_lib.data.phantoms import phantom
from maple_lib.data.rows import ImageRow, PhraseRow, RegionRow, StudyRow
from maple_lib.data.study import Study
from maple_lib.data.study_list import StudyList
from maple_lib.data.table import TableInfo, write_rows
from maple_lib.errors import MapleError

REAL = Path(__file__).parents[3] / "shared" / "real"


def look_at(source, **options):
    return examine(source, workers=1, progress=False, **options)


def serious(diagnosis):
    return {each.check for each in diagnosis.complaints if each.severity != "note"}


def save(pixels, path):
    PillowImage.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path)


@pytest.fixture
def folder(tmp_path):
    for i in range(3):
        study = phantom(5, i, size=96)
        save(study.image.pixels, tmp_path / f"{i}.png")
        (tmp_path / f"{i}.txt").write_text(study.report)
    return tmp_path


def test_the_samples_are_clean():
    assert look_at("samples").clean


def test_a_view_that_nobody_declared_contradicts_no_file():
    """One study declares its view; beside it the others, which do not, hold NaN in the table."""
    declared = phantom(5, 0, size=64)
    declared.images = (ImageRow("a", "", declared.image.view),)
    found = look_at([declared, phantom(5, 1, size=64), phantom(5, 2, size=64)])
    assert "wrong-view" not in serious(found)


def test_a_folder_with_half_a_picture_says_so(folder):
    assert look_at(folder).clean
    whole = (folder / "0.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 2])
    (folder / "broken.txt").write_text("No pneumothorax at all in this one.")
    (folder / "text.png").write_text("not a picture")
    with pytest.warns(UserWarning, match="skipped"):
        found = look_at(folder)
    assert serious(found) == {"unreadable-image"}
    assert set(found.of("unreadable-image")[0].study_ids) == {"broken", "text.png"}


def test_a_corpus_without_reports_gets_a_note_and_no_more(folder):
    for text in folder.glob("*.txt"):
        text.unlink()
    found = look_at(folder)
    assert found.clean
    assert found.of("empty-report")[0].severity == "note"


@pytest.mark.parametrize(("source", "says"), [("nothing.parquet", "no such file"), ("nowhere", "no such")])
def test_what_is_no_corpus_is_one_clear_error(source, says, tmp_path):
    with pytest.raises(MapleError, match=says):
        look_at(str(tmp_path / source))


def test_no_study_and_no_process_are_refused():
    with pytest.raises(MapleError, match="no study"):
        look_at([])
    with pytest.raises(MapleError, match="workers=0"):
        examine("samples", workers=0)


def test_an_image_that_fails_in_its_own_way_is_unreadable():
    def fail():
        raise MapleError("scan.dcm", "damaged", "copy it again")

    good = phantom(5, 0, size=96)
    found = look_at([good, Study("bad", "bad", fail, report="Heart size is normal.")])
    assert serious(found) == {"unreadable-image"}
    assert found.of("unreadable-image")[0].study_ids == ("bad",)


def test_studies_that_could_not_be_loaded_are_told_by_their_fate(tmp_path):
    (tmp_path / "half.png").write_bytes(b"half")
    failures = (
        MapleError(tmp_path / "gone.png", "no such file", "check the path"),
        MapleError(tmp_path / "half.png", "damaged", "copy it again"),
        MapleError("study 7", "no row in the table of images", "download it again"),
    )
    found = look_at(StudyList([phantom(5, 0, size=96)], failures))
    told = {each.check: each.study_ids for each in found.complaints if each.severity == "error"}
    assert told == {
        "missing-image": ("gone.png",),
        "unreadable-image": ("half.png",),
        "unusable-study": ("study 7",),
    }


def masks_of(x_left, x_right, size=100):
    """Run lengths of two squares of 10 x 10 pixels, named left and right."""

    def runs(x):
        return " ".join(f"{(40 + row) * size + x} 10" for row in range(10))

    image = ImageRow("i", "", "PA", None, size, size)
    regions = tuple(
        RegionRow("i", name, None, runs(x)) for name, x in (("left lung", x_left), ("right lung", x_right))
    )
    return StudyRow("d", "s", "p", (image,), "Heart size is normal.", regions=regions)


@pytest.mark.parametrize(("left", "right", "expected"), [(70, 20, set()), (20, 70, {"left-right"})])
def test_masks_have_sides_too(tmp_path, left, right, expected):
    path = write_rows([masks_of(left, right)], tmp_path / "m.parquet", TableInfo())
    assert serious(look_at(path, images=False)) == expected


def test_a_mask_longer_than_its_image_and_a_polygon_without_area(tmp_path):
    image = ImageRow("i", "", "PA", None, 10, 10)
    phrases = (
        PhraseRow("i", "opacity", "opacity", rle="95 10"),
        PhraseRow("i", "nodule", "nodule", polygons=((1.0, 1.0, 5.0, 5.0),)),
    )
    row = StudyRow("d", "s", "p", (image,), "There is an opacity.", phrases=phrases)
    found = look_at(write_rows([row], tmp_path / "m.parquet", TableInfo()), images=False)
    assert [(c.check, c.severity) for c in found.complaints][:2] == [("box", "error"), ("box", "warning")]


def test_shapes_of_runs_and_polygons():
    assert around_runs("12 3 22 3", (10, 10)) == (2, 1, 5, 3)
    assert around_runs("8 4", (10, 10)) == (0, 0, 10, 2)
    assert np.isnan(around_runs("1 x", (10, 10))).all()
    assert around((1, 2, 5, 2, 3, 9)) == (1, 2, 5, 9)
    assert np.isnan(around((1, 2, 3, 4))).all()


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("left basal opacity", "left"),
        ("small right pleural effusion", "right"),
        ("bilateral effusions", None),
        ("left PICC with its tip in the SVC", None),
        ("right greater than left", None),
        ("something on the left", "left"),
        ("cardiomegaly", None),
    ],
)
def test_the_side_that_words_speak_of(text, side):
    assert side_of_words(text) == side


def test_a_kind_of_a_finding_affirms_it():
    """A consolidation is an opacity: a report of one does not contradict a label of the other."""
    assert "consolidation" in kinds_of("opacity")
    assert "opacity" in kinds_of("consolidation")
    assert "pneumothorax" not in kinds_of("opacity")
    study = phantom(5, 0, size=96)
    study.report, study.labels = "There is a left basal consolidation. No other opacity.", {"opacity": 1}
    assert "label-report" not in serious(look_at([study]))


@pytest.mark.parametrize(("name", "parts"), [("nih_chestxray14", "images"), ("hannover_cxr", "png")])
def test_real_radiographs_get_no_false_alarm_and_an_inverted_one_is_noticed(name, parts, tmp_path):
    files = sorted((REAL / name / parts).glob("*.png"))
    if not files:
        pytest.skip(f"the real radiographs {name} are not here")
    for i, file in enumerate(files[:40]):
        with PillowImage.open(file) as opened:
            grey = opened.convert("L").resize((256, 256))
        (PillowImage.eval(grey, lambda value: 255 - value) if i == 7 else grey).save(tmp_path / file.name)
    found = look_at(tmp_path)
    assert serious(found) == {"polarity"}
    assert found.of("polarity")[0].study_ids == (files[7].stem,)
