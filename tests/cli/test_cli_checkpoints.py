from typer.testing import CliRunner

from maple_lib.cli.main import app
from maple_lib.methods.saving import read_method

TINY = ("image_size=64", "image_width=16", "text_width=32", "text_layers=1", "dim=16", "head_hidden=16",
        "batch_size=4", "text_warm_steps=1", "image_warm_steps=1", "steps=1", "studies=8",
        "workers=1")  # fmt: skip


def test_one_command_trains_copies_and_says_the_size(tmp_path):
    settings = [word for field in (*TINY, f"cache={tmp_path / 'cache'}") for word in ("--set", field)]
    places = ["--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs")]
    words = ["checkpoints", "--methods", "convirt, gloria", "--preset", "tiny", "--half", "--quiet"]
    done = CliRunner().invoke(app, [*words, *places, *settings], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert [line.split(": ")[0] for line in done.output.splitlines()] == [
        str(tmp_path / "out" / name) for name in ("convirt", "gloria")
    ]
    assert all(line.endswith(" MB") for line in done.output.splitlines())
    assert read_method(tmp_path / "out" / "gloria").config.method == "gloria"


def test_a_checkpoint_over_the_limit_is_said():
    from maple_lib.cli.checkpoints import _too_large

    assert _too_large(11_999_999, False) == ""
    assert "--half" in _too_large(13_000_000, False)
    assert "preset" in _too_large(13_000_000, True)
