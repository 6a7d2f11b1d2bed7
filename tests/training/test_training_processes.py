"""The command itself with two processes: the same losses as with one, and errors that end all of them."""

import json
import math
import os
import subprocess
import sys

import pytest
import torch
from accelerate import Accelerator
from toys import toy_record

from maple_lib.errors import MapleError
from maple_lib.methods import create_method
from maple_lib.methods.saving import read_method
from maple_lib.training import read_log, train, train_config
from maple_lib.training import run as running
from maple_lib.training.accumulate import CachedTower
from maple_lib.training.corpus import Corpus
from maple_lib.training.objective import make_objective
from maple_lib.training.step import Step
from maple_lib.training.towers import text_tower

FIELDS = {
    "image_size": 64, "image_width": 16, "text_width": 32, "text_layers": 1, "dim": 16, "head_hidden": 16,
    "batch_size": 5, "text_warm_steps": 1, "image_warm_steps": 2, "steps": 2, "studies": 11, "workers": 1,
}  # fmt: skip


def launch(folder, processes=2, method="convirt", **more):
    """``maple train`` under torch's launcher, or alone; returns what it left and said."""
    fields = {**FIELDS, "cache": str(folder / "cache"), "out": str(folder / f"of-{processes}"), **more}
    words = [word for name, value in fields.items() for word in ("--set", f"{name}={value}")]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    call = [sys.executable, *(launcher if processes > 1 else []), "-m", "maple_lib", "train"]
    known = {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.run(
        [*call, "--method", method, "--quiet", *words],
        env=os.environ | known, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip


def test_two_processes_train_as_one_does(tmp_path):
    """The image stage, where nothing is random, has the same losses: shares, norms and gradients fit.

    In the alignment dropout falls on other words; its gradients are compared in ``test_training_step``.
    """
    done = launch(tmp_path, text_warm_steps=0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Saved ") == 1
    fields = {**FIELDS, "cache": str(tmp_path / "cache"), "out": str(tmp_path / "of-1"), "text_warm_steps": 0}
    train(train_config("convirt", "tiny", **fields), progress=False)
    two, one = read_log(tmp_path / "of-2"), read_log(tmp_path / "of-1")
    assert [(row["stage"], row["step"]) for row in two] == [(row["stage"], row["step"]) for row in one]
    for i in range(FIELDS["image_warm_steps"]):
        assert two[i]["loss"] == pytest.approx(one[i]["loss"], rel=1e-4)
    assert all(math.isfinite(row["loss"]["total"]) for row in two)
    assert read_method(tmp_path / "of-2" / "model").config.method == "convirt"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"studies": 1, "batch_size": 2}, "1 studies: fewer than the 2 processes"),
        ({"batch_size": 1}, "batch_size=1: less than one study for each of 2 processes"),
        ({"source": "nowhere"}, "source 'nowhere'"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_shared_ends_all_processes(tmp_path, more, says):
    done = launch(tmp_path, **more)
    assert done.returncode != 0
    assert f"maple: {says}" in done.stderr
    assert "Traceback (most recent call last)" not in done.stderr.split("ChildFailedError")[0].split("E1")[0]


@pytest.mark.slow
def test_a_loss_that_is_not_finite_names_the_whole_batch_and_ends_all_processes(tmp_path):
    """A rate beyond all numbers makes one; the batch is all studies, so that both shares must be named."""
    done = launch(tmp_path, warm_lr=1e30, text_warm_steps=3, studies=5, save_every=1)
    assert done.returncode != 0
    (line, *_) = [each for each in done.stderr.splitlines() if "is not finite" in each]
    named = line.split("studies: ")[1].split(" — ")[0].split(", ")
    assert len(named) == len(set(named)) == 5
    state = json.loads((tmp_path / "of-2" / "checkpoint" / "state.json").read_text())
    assert state["stage"] == "warm_text"
    assert f"loss at step {state['step']} of warm_text" in line


def test_layers_of_a_later_stage_begin_alike_in_all_processes(monkeypatch):
    """As the second of two processes sees it: what the first one sends takes the place of its own."""
    from maple_lib.training import gather

    monkeypatch.setattr(gather, "world", lambda: (1, 2))
    monkeypatch.setattr(torch.distributed, "broadcast", lambda value, source: value.fill_(source + 7))
    task = make_objective(create_method("convirt", "tiny", image_size=64, text_layers=1), "warm_image").task
    gather.share_weights(task)
    assert all(bool((value == 7).all()) for value in task.state_dict().values())


def test_more_processes_than_studies_is_one_error(tmp_path, monkeypatch):
    monkeypatch.setattr(Accelerator, "num_processes", property(lambda _: 4))
    fields = {**FIELDS, "studies": 3, "cache": str(tmp_path / "cache"), "out": str(tmp_path / "run")}
    with pytest.raises(MapleError, match=r"3 studies: fewer than the 4 processes.*at most 3 processes"):
        train(train_config("convirt", "tiny", **fields), progress=False)
    with pytest.raises(MapleError, match=r"batch_size=5: less than one study for each of 4 processes x 2"):
        running.start_accelerator(train_config("convirt", "tiny", **{**FIELDS, "accumulate": 2}))


@pytest.mark.parametrize("rank", range(4))
def test_a_process_without_a_text_has_the_gradients_of_the_others(monkeypatch, rank):
    """Three different sentences for four processes: one of them has none to encode."""
    monkeypatch.setattr("maple_lib.training.gather.world", lambda: (rank, 4))
    from maple_lib.training.gather import share

    method = create_method("convirt", "tiny", image_size=64, text_width=32, text_layers=1)
    tower = text_tower(method, ["One.", "Another one.", "And a third."])
    rows = share(3)
    pooled, words = tower.encode(rows)
    assert len(pooled) == len(words) == rows.stop - rows.start
    (pooled.sum() + words.sum()).backward()
    grads = {name for name, p in method.text_encoder.named_parameters() if p.grad is not None}
    assert grads == {name for name, p in method.text_encoder.named_parameters()}
    if rows.stop == rows.start:
        assert all(not p.grad.any() for p in method.text_encoder.parameters())
    method.zero_grad()
    cached = CachedTower(tower, 2)
    assert [len(f) for f in cached.features] == [rows.stop - rows.start] * 2
    sum(f.sum() for f in cached.features).backward()
    cached.backward()
    assert {n for n, p in method.text_encoder.named_parameters() if p.grad is not None} == grads


def test_pieces_may_outnumber_the_texts():
    torch.manual_seed(0)
    method = create_method("convirt", "tiny", image_size=64, text_width=32, text_layers=1)
    objective = make_objective(method, "align")
    batch = Corpus((toy_record(0), toy_record(1))).batch(0, 2, 0)
    step = Step(objective, Accelerator(cpu=True), objective.trained(), pieces=9)
    total, _ = step.gradients(batch)
    assert bool(torch.isfinite(total))
