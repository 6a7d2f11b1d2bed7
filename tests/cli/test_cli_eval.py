"""``maple eval``: every source, what it writes, and one error for what it cannot do."""

import json

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from maple_lib.cli.evaluating_studies import Asked, choose_studies
from maple_lib.cli.main import app
from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation import protocol
from maple_lib.methods import create_method
from maple_lib.methods.saving import save_method

SMALL = {"image_size": 64, "image_strides": (8,), "image_width": 32, "dim": 32}


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """The folder of a run, as training leaves it: the model inside."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    save_method(create_method("asg", **SMALL), folder / "model")
    return folder


def run(*arguments):
    return CliRunner().invoke(app, ["eval", *map(str, arguments)])


def test_a_run_is_scored_printed_and_written_with_all_it_depends_on(run_folder, tmp_path):
    out = tmp_path / "results"
    name = "phantom_grounding_realistic"
    args = (
        "--checkpoint",
        run_folder,
        "--protocol",
        name,
        "--n",
        6,
        "--train-n",
        4,
        "--seed",
        7,
        "--out",
        out,
    )
    done = run(*args)
    assert done.exit_code == 0, done.output
    assert f"{name} v2" in done.output
    assert "difficulty realistic" in done.output
    assert sorted(path.name for path in out.iterdir()) == [
        f"{name}.json",
        f"{name}.parquet",
        f"{name}_summary.csv",
    ]
    table = pd.read_parquet(out / f"{name}.parquet")
    assert {"mean lesion", "oracle", "method"} <= set(table["source"])
    assert set(table["study_id"]) <= {f"phantom-7-{i}" for i in range(6)}
    summary = pd.read_csv(out / f"{name}_summary.csv")
    assert set(summary["split"]) == {"all", "finding", "region", "size"}
    assert {"low", "high", "floor", "ceiling", "n", "undefined"} <= set(summary)
    facts = json.loads((out / f"{name}.json").read_text())
    assert facts["protocol"]["version"] == 2
    assert facts["protocol"]["sizes"] == [0.01, 0.05]
    assert facts["checkpoint"]["config"]["image_size"] == 64
    assert (facts["seed"], facts["studies"]["difficulty"], facts["studies"]["n"]) == (7, "realistic", 6)
    assert {"maple_lib", "torch", "python"} <= set(facts["versions"])


def test_json_is_json_and_the_model_folder_does_too(run_folder):
    done = run("--model", run_folder / "model", "--protocol", "retrieval", "--n", 5, "--json")
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    assert {row["direction"] for row in facts["summary"]} == {"image->text", "text->image"}
    assert facts["method"] == "asg"


def test_samples_are_a_source_and_parsing_needs_no_checkpoint(tmp_path):
    done = run("--protocol", "report_parsing", "--source", "samples", "--checkpoint", tmp_path / "none")
    assert done.exit_code == 0, done.output
    assert "report_parsing v1" in done.output


def test_protocols_are_listed():
    done = run("--list")
    assert "box_grounding v1  (grounding)" in done.output
    names = {entry["name"] for entry in json.loads(run("--list", "--json").stdout)}
    assert {"label_retrieval_phantom", "chexlocalize_grounding", "location_retrieval"} <= names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--protocol", "nonsense"), "choose one of"),
        (("--checkpoint", "nowhere"), "no such folder"),
        (("--source", "nowhere"), "no such dataset or folder"),
        (("--n", 0), "out of range"),
        (("--split", "test"), "neither splits"),
        (("--source", "samples", "--difficulty", "easy"), "no difficulty"),
        (("--source", "samples", "--split", "tset"), "unknown"),
        (("--set", "size"), "has no '='"),
    ],
)
def test_bad_input_is_one_error(run_folder, arguments, message):
    done = run("--checkpoint", run_folder, *arguments)
    assert isinstance(done.exception, MapleError)
    assert message in str(done.exception)


def test_a_folder_that_cannot_be_written_is_one_error(run_folder, tmp_path):
    (tmp_path / "file").write_text("")
    done = run("--checkpoint", run_folder, "--protocol", "retrieval", "--n", 3, "--out", tmp_path / "file")
    assert isinstance(done.exception, MapleError)
    assert "cannot be written" in str(done.exception)


def learner(method, studies, protocol, train_studies, validation_studies=(), seed=0):
    """The signature of an evaluator that must learn."""


def test_only_what_an_evaluator_takes_is_given_and_never_the_scored():
    grounding = protocol("phantom_grounding_realistic")
    asked = Asked("phantom", 3, 5, None, 4)
    chosen = choose_studies(asked, grounding, learner, 64)
    parts = {"scored": chosen.scored, **chosen.options}
    assert parts.pop("seed") == 5
    ids = {name: {study.study_id for study in studies} for name, studies in parts.items()}
    assert {name: len(names) for name, names in ids.items()} == {
        "scored": 3,
        "train_studies": 4,
        "validation_studies": 4,
    }
    assert len(set.union(*ids.values())) == 11
    plain = choose_studies(asked, grounding, lambda method, studies, protocol: None, 64)
    assert plain.options == {}


def test_splits_of_a_dataset_keep_training_apart(monkeypatch):
    studies = [Study(f"s{i}", f"p{i}", lambda: None, split=("train", "test")[i % 2]) for i in range(6)]
    monkeypatch.setattr("maple_lib.cli.evaluating_studies.load_studies", lambda source, **options: studies)
    chosen = choose_studies(Asked("x", 2, 0, None, 4, split="test"), protocol("retrieval"), learner, 64)
    assert [s.study_id for s in chosen.scored] == ["s1", "s3"]
    assert [s.study_id for s in chosen.options["train_studies"]] == ["s0", "s2", "s4"]
    with pytest.raises(MapleError, match="learns from train studies"):
        choose_studies(Asked("x", None, 0, None, 4), protocol("retrieval"), learner, 64)
    with pytest.raises(MapleError, match="no study to score"):
        choose_studies(Asked("x", None, 0, None, 4, split="validate"), protocol("retrieval"), learner, 64)
