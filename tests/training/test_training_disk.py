"""A disk that runs full: one error that says what is kept, nothing half-written; the run goes on later."""

import errno
import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from accelerate import Accelerator
from toys import toy_record

from maple_lib.data.phantoms.sequence import PhantomSequence
from maple_lib.data.record_store import RecordStore
from maple_lib.errors import MapleError
from maple_lib.methods.saving import read_method
from maple_lib.training import read_log, train, train_config
from maple_lib.training.checkpoint import read_position
from maple_lib.training.corpus import Corpus, Recipe, build_corpus
from maple_lib.training.disk import write_whole
from maple_lib.training.log import RunLog
from maple_lib.training.loop import Run, run_stages

SMALL = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 16,
    "batch_size": 4, "text_warm_steps": 2, "image_warm_steps": 2, "steps": 4, "save_every": 2, "workers": 1,
}  # fmt: skip
FULL = OSError(errno.ENOSPC, "No space left on device")


def start(folder, **more):
    folder.mkdir(exist_ok=True)
    config = train_config("convirt", "tiny", **{**SMALL, **more})
    corpus = Corpus(tuple(toy_record(i) for i in range(8)))
    return run_stages(Run(config, folder, Accelerator(cpu=True), corpus, progress=False))


def full_after(calls, real):
    """Stands in for a function that writes: the disk is full from call number ``calls`` on."""
    count = [0]

    def writes(*args, **options):
        count[0] += 1
        if count[0] > calls:
            raise FULL
        return real(*args, **options)

    return writes


def leftovers(folder):
    return [path.name for path in folder.rglob(".*")]


@pytest.mark.parametrize("calls", [0, 1, 2, 3, 4, 7])
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch, calls):
    """Files of a checkpoint: weights by one writer, and two of tensors by another."""
    import maple_lib.training.checkpoint as checkpoint

    start(tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", full_after(calls, checkpoint.save_file))
        with pytest.raises(MapleError, match=r"checkpoint: cannot be written: No space left") as caught:
            start(tmp_path / "run")
    at = read_position(tmp_path / "run")
    done = calls // 2
    assert at == [None, *[read_for(stage, step) for stage, step in DONE]][done]
    kept = f"the checkpoint of {at.stage}, step {at.step}, is kept" if at else "no checkpoint yet"
    assert kept in str(caught.value)
    assert leftovers(tmp_path / "run") == []
    start(tmp_path / "run")
    assert losses(tmp_path / "run") == losses(tmp_path / "whole")


DONE = [("warm_text", 2), ("warm_image", 2), ("align", 2), ("align", 4)]


def read_for(stage, step):
    from maple_lib.training.checkpoint import Position

    return Position(stage, step)


def losses(folder):
    return [(row["stage"], row["step"], row["loss"]) for row in read_log(folder)]


def test_older_copies_that_cannot_be_written_stop_the_run_too(tmp_path, monkeypatch):
    def refuse(source, target, **options):
        raise shutil.Error([(str(source), str(target), "[Errno 28] No space left on device")])

    monkeypatch.setattr(shutil, "copytree", refuse)
    with pytest.raises(MapleError, match=r"No space left.*warm_text, step 2, is kept"):
        start(tmp_path / "run", keep=3)
    assert leftovers(tmp_path / "run") == []


class _FullFile:
    """A text file whose disk is full when it comes to bringing lines there."""

    def __init__(self):
        self.lines = []

    def write(self, text):
        self.lines.append(text)

    def flush(self):
        raise FULL

    close = flush


def test_a_log_that_cannot_be_written_is_named_and_stays_readable(tmp_path):
    with RunLog(tmp_path, "align", 0) as log:
        log.write({"stage": "align", "step": 0})
    log = RunLog(tmp_path, "align", 1)
    log._file.close()
    log._file = _FullFile()
    log.write({"stage": "align", "step": 1})
    with pytest.raises(MapleError, match=r"log\.jsonl: cannot be written: No space.*checkpoint is kept"), log:
        log.flush()  # and when the log is closed, it fails again
    assert [row["step"] for row in read_log(tmp_path)] == [0]


def test_a_log_is_not_lost_when_it_cannot_be_shortened(tmp_path, monkeypatch):
    with RunLog(tmp_path, "align", 0) as log:
        for step in range(4):
            log.write({"stage": "align", "step": step})

    def full(path, *_, **__):
        path.open("wb").close()  # what is there is gone before the disk is found to be full
        raise FULL

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(MapleError, match=r"log\.jsonl"):
        RunLog(tmp_path, "align", 2)
    assert len(read_log(tmp_path)) == 4
    assert leftovers(tmp_path) == []


def test_records_that_cannot_be_written_leave_nothing(tmp_path, monkeypatch):
    from maple_lib.data.record_store import _Writer

    studies = PhantomSequence(4, 0, 64, "easy")
    with monkeypatch.context() as patch:
        patch.setattr(_Writer, "_append_text", full_after(3, _Writer._append_text))
        with pytest.raises(MapleError, match=r"cannot be written: No space.*nothing is kept"):
            build_corpus(studies, Recipe(64, (8, 8)), tmp_path, progress=False)
    assert list(tmp_path.iterdir()) == []
    assert len(build_corpus(studies, Recipe(64, (8, 8)), tmp_path, progress=False)) == 4


def configured(folder, **more):
    places = {"out": str(folder / "run"), "cache": str(folder / "cache"), "studies": 8}
    return train_config("convirt", "tiny", **{**SMALL, **places, **more})


def test_a_model_that_cannot_be_written_is_written_by_the_same_command(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("maple_lib.training.run.save_method", full_after(0, None))
        with pytest.raises(MapleError, match=r"model: cannot be written: No space.*checkpoint is kept"):
            train(configured(tmp_path), progress=False)
    assert not (tmp_path / "run" / "model").exists()
    assert train(configured(tmp_path), progress=False).config.method == "convirt"


def test_a_damaged_run_json_is_named(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"config"')
    with pytest.raises(MapleError, match=r"run\.json: is damaged"):
        train(configured(tmp_path), progress=False)


def test_a_place_that_is_a_file_is_named(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(MapleError, match=r"run\.json: cannot be written"):
        train(configured(tmp_path), progress=False)
    with pytest.raises(MapleError, match="cannot be written"):
        train(configured(tmp_path, out=str(tmp_path / "other"), cache=str(tmp_path / "run")), progress=False)


def test_a_file_is_the_old_one_or_the_new_one(tmp_path, monkeypatch):
    write_whole(tmp_path / "a", "old")
    monkeypatch.setattr("os.replace", full_after(0, None))
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "a", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


LIMITED = """
import json, resource, sys
from maple_lib.cli.main import main
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
sys.argv = ["maple", *sys.argv[2:]]
main()
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no limit on files here")
@pytest.mark.parametrize(("limit", "named"), [(20_000, "cache"), (400_000, "checkpoint")])
def test_the_system_s_own_limit_ends_the_command_with_one_line(tmp_path, limit, named):
    """The real thing: no file may grow beyond a limit; records come first, weights later."""
    config = configured(tmp_path)
    fields = {**SMALL, "studies": 8, "out": config.out, "cache": config.cache}
    words = [word for name, value in fields.items() for word in ("--set", f"{name}={value}")]
    call = [sys.executable, "-c", LIMITED, str(limit), "train", "--method", "convirt", "--quiet", *words]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("maple: ")
    assert named in line.split(": ")[1]
    assert "cannot be written: File too large — " in line
    assert "Traceback" not in done.stderr
    assert leftovers(tmp_path) == []
    for store in (tmp_path / "cache").glob("*"):
        assert len(RecordStore(store)) == 8
    assert json.loads((tmp_path / "run" / "run.json").read_text())["config"]["steps"] == 4
    train(config, progress=False)
    assert read_method(tmp_path / "run" / "model").config.method == "convirt"
