import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator

from maple_lib.errors import MapleError
from maple_lib.training import read_log, train_config
from maple_lib.training.checkpoint import checkpoint_folder, read_position
from maple_lib.training.corpus import Corpus
from maple_lib.training.loop import Run, run_stages
from maple_lib.training.optimiser import schedule

SMALL = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 16,
    "batch_size": 4, "text_warm_steps": 3, "image_warm_steps": 3, "steps": 6, "save_every": 2,
}  # fmt: skip


def losses(run):
    return [(r["stage"], r["step"], r["loss"]) for r in read_log(run)]


def start(tmp_path, records, name="run", **overrides):
    config = train_config("asg", "tiny", **{**SMALL, **overrides})
    run = tmp_path / name
    run.mkdir(exist_ok=True)
    return run_stages(Run(config, run, Accelerator(), Corpus(tuple(records)), progress=False)), run


def test_the_same_seed_gives_the_same_losses_and_weights(tmp_path, toy_records):
    one, run_one = start(tmp_path, toy_records, "one")
    two, run_two = start(tmp_path, toy_records, "two")
    assert losses(run_one) == losses(run_two)
    assert all(
        torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    )


@pytest.mark.parametrize(
    "stop_at", [("warm_text", 1), ("warm_image", 0), ("align", 0), ("align", 3), ("align", 5)]
)
def test_a_stopped_run_goes_on_to_the_same_losses(tmp_path, toy_records, monkeypatch, stop_at):
    whole, run_whole = start(tmp_path, toy_records, "whole")
    from maple_lib.training.objective import Objective

    forward, calls = Objective.forward, {}

    def stopping(self, batch):
        step = calls[self.stage] = calls.get(self.stage, -1) + 1
        if (self.stage, step) == stop_at:
            raise KeyboardInterrupt
        return forward(self, batch)

    monkeypatch.setattr(Objective, "forward", stopping)
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path, toy_records, "cut")
    monkeypatch.setattr(Objective, "forward", forward)
    again, run_cut = start(tmp_path, toy_records, "cut")
    assert losses(run_cut) == losses(run_whole)
    assert all(
        torch.equal(a, b)
        for a, b in zip(whole.state_dict().values(), again.state_dict().values(), strict=True)
    )


def test_a_loss_that_is_not_finite_stops_and_names_the_studies(tmp_path, toy_records, monkeypatch):
    from maple_lib.methods.asg import ASG

    def broken(self, batch):
        return {"global": next(self.parameters()).sum() * float("nan")}

    monkeypatch.setattr(ASG, "losses", broken)
    with pytest.raises(MapleError, match=r"step 0 of align.*toy-"):
        start(tmp_path, toy_records)
    assert read_position(tmp_path / "run").stage == "warm_image"


def test_every_study_comes_once_an_epoch(toy_records):
    corpus = Corpus(tuple(toy_records))
    seen = [i for step in range(3) for i in corpus.batch(step, 4, 0).study_ids]
    assert sorted(seen) == sorted(r.study_id for r in toy_records)
    assert corpus.batch(0, 4, 0).study_ids != corpus.batch(3, 4, 0).study_ids
    assert len(corpus.batch(0, 100, 0).study_ids) == 12


def test_the_schedule_rises_and_falls():
    values = [schedule(s, 100, 0.1) for s in range(100)]
    assert values[:10] == pytest.approx([0.1 * (i + 1) for i in range(10)])
    assert values[10:] == sorted(values[10:], reverse=True)
    assert 0 < values[-1] < 0.01


def test_a_damaged_checkpoint_is_named(tmp_path, toy_records):
    _, run = start(tmp_path, toy_records)
    state = checkpoint_folder(run) / "state.json"
    state.write_text("{")
    with pytest.raises(MapleError, match=r"state\.json"):
        start(tmp_path, toy_records)


def test_settings_are_checked():
    with pytest.raises(MapleError, match="batch_size=0"):
        train_config(batch_size=0)
    with pytest.raises(MapleError, match="asg"):
        train_config("nope")
    with pytest.raises(MapleError, match="'learning_rate'"):
        train_config(learning_rate=1)
    for name, value in {
        "lr": "fast",
        "steps": 1.5,
        "compile": 1,
        "image_strides": 8,
        "freeze": "text",
    }.items():
        with pytest.raises(MapleError, match=f"{name}=.* is not "):
            train_config(**{name: value})
    assert train_config(steps=1e3).steps == 1000
    config = train_config("asg", "tiny", steps=7, dim=64)
    assert (config.steps, config.model.dim) == (7, 64)
    assert replace(config) == type(config).from_dict(json.loads(json.dumps(config.to_dict())))


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from toys import toy_record
from maple_lib.training import train_config
from maple_lib.training.corpus import Corpus
from accelerate import Accelerator
from maple_lib.training.loop import Run, run_stages
import json
run = Path(sys.argv[1])
run.mkdir(exist_ok=True)
config = train_config("asg", "tiny", **json.loads(sys.argv[3]))
run_stages(Run(config, run, Accelerator(), Corpus(tuple(toy_record(i) for i in range(12))), progress=False))
"""


@pytest.mark.slow
def test_a_killed_process_leaves_no_half_written_checkpoint(tmp_path, toy_records):
    from pathlib import Path

    settings = {**SMALL, "steps": 400, "save_every": 1}
    here = str(Path(__file__).parents[1])
    run = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(run), here, json.dumps(settings)])
    deadline = time.time() + 120
    while time.time() < deadline and not (run / "checkpoint" / "state.json").exists():
        time.sleep(0.05)
    time.sleep(0.7)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    at = read_position(run)
    if at is None:  # killed between the two renames: the whole older checkpoint is put back
        from maple_lib.training.checkpoint import drop_leftovers

        drop_leftovers(run)
        at = read_position(run)
    assert at is not None
    finish = {**settings, "steps": 4, "text_warm_steps": 3, "image_warm_steps": 3}
    if at.stage == "align" and at.step > 4:
        finish["steps"] = at.step + 2
    start(tmp_path, toy_records, "killed", **finish)
    assert not [p for p in run.iterdir() if p.name.startswith(".checkpoint")]
