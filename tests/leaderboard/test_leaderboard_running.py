"""Boards: every run once, whatever stops or fails; tables and costs that can be read again."""

import json
import math

import pandas as pd
import pytest
import torch

from maple_lib.errors import MapleError
from maple_lib.evaluation.card import Scorecard
from maple_lib.evaluation.measures import Row
from maple_lib.leaderboard import Board, Entry, Settings, run_entries, run_leaderboard
from maple_lib.leaderboard import one_run as room
from maple_lib.leaderboard.changes import ChangedStudies, NoisyMasks
from maple_lib.leaderboard.cost import COST, CostWatch, read_cost

COLUMNS = (
    "entry", "method", "seed", "seconds", "cpu_seconds", "parameters", "measure", "value", "low", "high",
    "chance", "floor", "floor_name", "ceiling", "n", "protocol", "note",
)  # fmt: skip


@pytest.fixture
def world(monkeypatch, tmp_path):
    """Training and scoring that take no time, and remember what they were asked."""
    calls = {"train": [], "score": [], "broken": set()}

    def train(config, studies=None, validation=None, progress=True, watch=None):
        calls["train"].append((config.model.method, config.seed, studies))
        if config.model.method in calls["broken"]:
            raise RuntimeError("no memory\nand more")
        watch({"stage": "align", "step": 0, "loss": {}, "seconds": 0.5})
        return torch.nn.Linear(2, config.seed + 1)

    def scorecard(method, studies, lesions):
        calls["score"].append((len(studies), len(lesions)))
        value = method.out_features / 10
        rows = [
            Row("in_region_pointing", value, value, value, 0.3, 0.5, "mean lesion", 0.9, 7, "p v1"),
            Row("zero_shot_auc", 0.7, 0.6, 0.8, chance=0.5, note="not learned: nodule"),
        ]
        return Scorecard("m", pd.DataFrame([row.to_dict() for row in rows]), {}, {}, 0)

    monkeypatch.setattr(room, "train", train)
    monkeypatch.setattr(room, "scorecard", scorecard)
    calls["settings"] = {
        "preset": "tiny", "seeds": (0, 1), "out": tmp_path / "board", "studies": 2, "workers": 1,
        "overrides": {"image_size": 64, "studies": 2}, "command": "maple leaderboard", "progress": False,
    }  # fmt: skip
    return calls


def test_a_board_has_a_row_for_every_entry_seed_and_measure(world):
    board = run_leaderboard(["asg", "convirt"], **world["settings"])
    assert set(COLUMNS) == set(board.table.columns)
    assert len(board.table) == 2 * 2 * 2
    assert world["score"] == [(2, 2)] * 4
    found = board.summary().set_index(["entry", "measure"]).loc[("asg", "in_region_pointing")]
    assert found["mean"] == pytest.approx(0.15)
    assert found["sd"] == pytest.approx(math.sqrt(0.005))
    assert (found["seeds"], found["floor_name"], found["parameters"]) == (2, "mean lesion", 4.5)
    printed = str(board)
    assert "0.150 ± 0.071" in printed
    assert "(floor)" in printed
    assert "(ceiling)" in printed


def test_what_is_written_is_what_is_read(world):
    board = run_leaderboard(["asg"], **world["settings"])
    folder = world["settings"]["out"]
    again = Board.read(folder)
    pd.testing.assert_frame_equal(again.table, board.table)
    assert again.facts == board.facts
    assert json.loads((folder / "board.json").read_text())["command"] == "maple leaderboard"
    assert list(pd.read_csv(folder / "board.csv")["note"].dropna()) == ["not learned: nodule"] * 2
    with pytest.raises(MapleError, match="holds no board"):
        Board.read(folder / "asg")


def test_finished_runs_are_read_and_only_new_ones_are_made(world):
    first = run_leaderboard(["asg"], **world["settings"])
    made = len(world["train"]), len(world["score"])
    second = run_leaderboard(["asg"], **world["settings"])
    assert (len(world["train"]), len(world["score"])) == made
    pd.testing.assert_frame_equal(first.table, second.table)
    run_leaderboard(["asg"], **world["settings"] | {"seeds": (0, 1, 2)})
    assert len(world["train"]) == made[0] + 1
    run_leaderboard(["asg"], **world["settings"] | {"studies": 3})
    assert world["score"][-2:] == [(3, 2)] * 2  # other studies: scored again


def test_one_that_fails_is_reported_and_the_others_go_on(world):
    world["broken"] = {"asg"}
    board = run_leaderboard(["asg", "convirt"], **world["settings"])
    assert set(board.table["entry"]) == {"convirt"}
    assert [str(f) for f in board.failures] == [f"asg, seed {k}: RuntimeError: no memory" for k in (0, 1)]
    assert "failed: asg, seed 0" in str(board)
    assert "and more" in (world["settings"]["out"] / "asg" / "seed0" / "error.txt").read_text()
    world["broken"] = set()
    assert not run_leaderboard(["asg", "convirt"], **world["settings"]).failures
    assert Board.read(world["settings"]["out"]).failures == ()


def test_an_interruption_is_no_failure(world, monkeypatch):
    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "train", stop)
    with pytest.raises(KeyboardInterrupt):
        run_leaderboard(["asg"], **world["settings"])


def test_nothing_but_failures_is_still_a_board(world):
    world["broken"] = {"asg"}
    board = run_leaderboard(["asg"], **world["settings"])
    assert "no run came to its scores" in str(board)
    assert len(Board.read(world["settings"]["out"]).failures) == 2


def test_changed_studies_are_trained_on_and_true_ones_scored(world):
    entries = [Entry("own", "asg"), Entry("noisy", "asg", change=NoisyMasks(2))]
    run_entries(entries, Settings(**world["settings"] | {"seeds": (0,)}))
    own, noisy = (studies for _, _, studies in world["train"])
    assert own is None
    assert isinstance(noisy, ChangedStudies)
    assert len(noisy) == 2
    with pytest.raises(MapleError, match="comes twice"):
        run_entries([Entry("a b", "asg"), Entry("a-b", "asg")], Settings(**world["settings"]))
    other = run_entries([Entry("noisy", "asg", {"lr": 1e-4}, NoisyMasks(4))], Settings(**world["settings"]))
    assert "holds another entry" in other.failures[0].reason


def test_settings_that_make_no_sense(world):
    with pytest.raises(MapleError, match="nothing to score"):
        Settings(seeds=())
    with pytest.raises(MapleError, match="'seed'"):
        Settings(overrides={"seed": 3})
    with pytest.raises(MapleError, match="unknown method"):
        run_leaderboard(["nope"], **world["settings"])
    with pytest.raises(MapleError, match="no entry"):
        run_leaderboard([], **world["settings"])


def test_the_cost_of_a_stopped_run_counts_every_step_once(tmp_path):
    def step(number):
        return {"stage": "align", "step": number, "loss": {}, "seconds": 1e-3}

    for numbers in ((0, 1, 2), (1, 2, 3)):
        with CostWatch(tmp_path) as watch:
            for number in numbers:
                watch(step(number))
    rows = [json.loads(line) for line in (tmp_path / COST).read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1, 2, 1, 2, 3]
    wanted = sum(rows[i]["seconds"] for i in (0, 3, 4, 5))
    assert read_cost(tmp_path).seconds == pytest.approx(wanted)
    with (tmp_path / COST).open("a") as file:
        file.write('{"stage": "al')  # cut by a kill
    assert read_cost(tmp_path).seconds == pytest.approx(wanted)


def test_a_run_without_a_record_costs_what_its_log_says(tmp_path):
    rows = [{"stage": "align", "step": k, "loss": {}, "seconds": 2.0} for k in range(3)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    cost = read_cost(tmp_path)
    assert cost.seconds == 6.0
    assert math.isnan(cost.cpu_seconds)
