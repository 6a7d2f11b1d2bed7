"""Whatever happens to a file, reading it gives an image or one clear error, and says nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from maple_lib.data.dicom.write import COMPRESSIONS, DicomStyle, write_dicom
from maple_lib.data.read import read_image
from maple_lib.data.study import Image, Study
from maple_lib.errors import MapleError

PIXELS = np.random.default_rng(0).random((40, 40)).astype(np.float32)


FUZZ = Path(__file__).parents[1] / "benchmarks" / "fuzz_dicom.py"


def damaged(rng: np.random.Generator, whole: bytes) -> bytes:
    """Cut off the end, cut out a piece, or change a few bytes."""
    content = bytearray(whole)
    kind = rng.integers(3)
    at = int(rng.integers(len(content)))
    if kind == 0:
        return bytes(content[:at])
    if kind == 1:
        return bytes(content[:at] + content[at + int(rng.integers(1, 99)) :])
    for place in rng.integers(len(content), size=int(rng.integers(1, 20))):
        content[place] = rng.integers(256)
    return bytes(content)


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_an_image_or_one_error(tmp_path, compression, recwarn, caplog, capfd):
    study = Study("one", "patient", lambda: Image(PIXELS))
    whole = write_dicom(study, tmp_path / "a.dcm", DicomStyle(12, True, compression)).read_bytes()
    rng = np.random.default_rng(1)
    path, clear, errors = tmp_path / "damaged.dcm", 0, 0
    for _ in range(200):
        path.write_bytes(damaged(rng, whole))
        try:
            pixels = read_image(path).pixels
        except MapleError as error:
            clear += str(error).startswith(f"{path}: ")
            errors += 1
        else:
            assert pixels.ndim == 2
            assert 0 <= pixels.min() <= pixels.max() <= 1
    assert 0 < errors == clear < 200
    assert not recwarn.list
    assert caplog.text == ""
    assert capfd.readouterr() == ("", "")


def test_run_lengths_that_say_too_little_or_too_much(tmp_path, capfd):
    study = Study("one", "patient", lambda: Image(PIXELS))
    whole = write_dicom(study, tmp_path / "a.dcm", DicomStyle(12, False, "rle")).read_bytes()
    rows = b"\x28\x00\x10\x00US\x02\x00"
    at = whole.index(rows) + len(rows)
    for height, readable in [(40, True), (20, True), (41, False)]:
        path = tmp_path / "b.dcm"
        path.write_bytes(whole[:at] + height.to_bytes(2, "little") + whole[at + 2 :])
        if readable:
            assert read_image(path).pixels.shape == (height, 40)
        else:
            with pytest.raises(MapleError, match=r"b\.dcm: pixels cannot be decoded.*RLE"):
                read_image(path)
    assert capfd.readouterr().err == ""


def test_random_damage_never_hangs_crashes_or_takes_a_gigabyte():
    """A short run of the benchmark, which reads in a child process and watches its time and memory."""
    words = [sys.executable, str(FUZZ), "--count", "200", "--seed", "7"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no problem" in done.stdout
    assert done.stderr == ""
