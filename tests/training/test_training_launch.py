import os
import stat
import subprocess

import pytest

from maple_lib.errors import MapleError
from maple_lib.training import train_config
from maple_lib.training.file import config_text, read_config
from maple_lib.training.slurm import slurm_script


def test_a_file_says_what_differs_and_names_win(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("method: maple_joint\npreset: laptop\nlr: 1e-4\nimage_strides: [8, 16]\ndim: 64\n")
    config = read_config(path, dim=32)
    assert (config.model.method, config.preset, config.lr, config.model.dim) == (
        "maple_joint",
        "laptop",
        1e-4,
        32,
    )
    assert config.model.image_strides == (8, 16)


def test_the_whole_configuration_can_be_printed_and_read_back(tmp_path):
    config = train_config("asg", "gpu", freeze=("text_encoder.model.embeddings",), lr=3e-5)
    path = tmp_path / "whole.yaml"
    path.write_text(config_text(config))
    assert read_config(path) == config


@pytest.mark.parametrize(
    ("content", "message"), [("- 1\n", "no fields"), ("lr: [\n", "not YAML"), ("rate: 1\n", "'rate'")]
)
def test_a_file_that_is_no_configuration_is_named(tmp_path, content, message):
    path = tmp_path / "run.yaml"
    path.write_text(content)
    with pytest.raises(MapleError, match=message):
        read_config(path)
    with pytest.raises(MapleError, match=r"none\.yaml"):
        read_config(tmp_path / "none.yaml")


def test_the_job_script_starts_one_launcher_a_machine(tmp_path):
    """Run the script with stand-ins for SLURM's commands and the launcher, which say what they were given."""
    fakes = {
        "scontrol": 'echo "node-a"; echo "node-b"',
        "srun": 'shift; for n in 0 1; do SLURM_NODEID=$n "$@"; done',
        "accelerate": 'echo "$@"',
    }
    for name, body in fakes.items():
        path = tmp_path / name
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IEXEC)
    script = tmp_path / "job.sh"
    script.write_text(slurm_script(2, 4, 12, '--method asg --set "lr=1e-4"'))
    known = {
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node-[a-b]",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    done = subprocess.run(["bash", str(script)], env=known, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    for rank, line in enumerate(lines):
        assert f"--machine_rank {rank} --main_process_ip node-a --main_process_port 20007" in line
        assert "--num_machines 2 --num_processes 8" in line
        assert line.endswith("-m maple_lib train --method asg --set lr=1e-4 --quiet")


def test_the_launcher_knows_every_option_of_the_script():
    from accelerate.commands.launch import launch_command_parser

    script = slurm_script(2, 4)
    call = script.split("accelerate launch", 1)[1].split("-m maple_lib")[0].replace("\\\n", " ")
    words = [w.strip('"') for w in call.split()]
    words[words.index("$SLURM_NODEID")] = "1"
    words[words.index("$MASTER_PORT")] = "20000"
    parsed = launch_command_parser().parse_args([*words, "-m", "maple_lib", "train"])
    assert (parsed.num_machines, parsed.num_processes, parsed.machine_rank) == (2, 8, 1)


def test_numbers_of_machines_are_checked():
    with pytest.raises(MapleError, match="nodes=0"):
        slurm_script(0)
    with pytest.raises(MapleError, match="quote"):
        slurm_script(arguments="--set 'a")
