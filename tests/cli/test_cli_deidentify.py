"""``maple deidentify`` copies what can be copied, names what cannot, and says so with its exit code."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from maple_lib import phantom, read_image
from maple_lib.cli.main import app
from maple_lib.data.dicom.write import write_dicom
from maple_lib.errors import MapleError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    for index in range(2):
        write_dicom(phantom(3, index, size=64), tmp_path / "in" / f"Mustermann{index}.dcm")
    return tmp_path / "in"


def run(*words) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["deidentify", *map(str, words)])
    if isinstance(result.exception, MapleError):
        raise result.exception
    return result.exit_code, result.output


def test_a_folder_is_copied_under_new_names(folder, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("a sentence that nobody knows\n")
    code, says = run(folder, tmp_path / "out", "--secret-file", secret)
    assert (code, "2 of 2 files copied" in says) == (0, True)
    copies = sorted((tmp_path / "out").iterdir())
    assert all(copy.name.startswith("2.25.") for copy in copies)
    pixels = {read_image(path).pixels.tobytes() for path in folder.iterdir()}
    assert pixels == {read_image(copy).pixels.tobytes() for copy in copies}
    assert np.prod(read_image(copies[0]).pixels.shape) == 64 * 64


def test_what_cannot_be_copied_is_named_and_the_rest_goes_on(folder, tmp_path):
    (folder / "note.txt").write_text("not an image")
    code, says = run(folder, tmp_path / "out")
    assert code == 1
    assert "2 of 3 files copied" in says
    assert "note.txt" in says
    assert len(list((tmp_path / "out").iterdir())) == 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"a note", "a text file"), (b"", "an empty file"), (b"\x89PNG\r\n\x1a\n....", "a PNG or JPEG picture")],
)
def test_what_is_no_dicom_whatever_it_is_called_is_said_so(tmp_path, content, kind):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "scan.dcm").write_bytes(content)
    code, says = run(tmp_path / "in", tmp_path / "out")
    assert code == 1
    assert f"scan.dcm: not a DICOM file: {kind} — give a DICOM image" in says
    assert list((tmp_path / "out").iterdir()) == []


def test_copies_are_never_laid_beside_originals(folder, tmp_path):
    with pytest.raises(MapleError, match="lies inside"):
        run(folder, folder / "out")
    (tmp_path / "file").touch()
    with pytest.raises(MapleError, match="a file, not a folder"):
        run(folder, tmp_path / "file")
    with pytest.raises(MapleError, match=r"none\.txt: cannot be read"):
        run(folder, tmp_path / "out", "--secret-file", tmp_path / "none.txt")


def test_what_is_not_there_is_not_called_damaged(tmp_path):
    with pytest.raises(MapleError, match="no such file or folder"):
        run(tmp_path / "missing", tmp_path / "out")
    assert not (tmp_path / "out").exists()
