"""A job script for SLURM: one launcher a machine, and the same run again until it is done."""

from __future__ import annotations

import shlex
from string import Template

from maple_lib.errors import MapleError

_SCRIPT = Template("""#!/usr/bin/env bash
# Train on several machines: sbatch this file. A run that is cut off by the time limit is queued again and
# goes on from its last checkpoint, to the same losses.
#SBATCH --job-name=maple
#SBATCH --nodes=$nodes
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=$gpus
#SBATCH --cpus-per-task=$cpus
#SBATCH --time=$hours:00:00
#SBATCH --requeue
#SBATCH --signal=B:USR1@120
#SBATCH --output=maple-%j.log
set -euo pipefail

trap 'scontrol requeue "$$SLURM_JOB_ID"' USR1
head=$$(scontrol show hostnames "$$SLURM_JOB_NODELIST" | sed -n 1p)
export MASTER_PORT=$$((20000 + SLURM_JOB_ID % 20000)) HEAD="$$head"

# Quoted, so that every machine fills in its own number.
srun --kill-on-bad-exit=1 bash -c 'exec accelerate launch \
  --num_machines $nodes --num_processes $total --machine_rank "$$SLURM_NODEID" \
  --main_process_ip "$$HEAD" --main_process_port "$$MASTER_PORT" $multi\\
  --mixed_precision no --dynamo_backend no -m maple_lib train $arguments --quiet' &
wait $$!
""")


def slurm_script(nodes: int = 1, gpus: int = 4, hours: int = 12, arguments: str = "--preset cluster") -> str:
    """The script as text.

    Args:
        nodes: machines, at least 1.
        gpus: GPUs of each, at least 1.
        hours: time limit of one job.
        arguments: what follows ``maple train``.

    Raises:
        MapleError: if a number is below 1, or the arguments cannot be read by a shell.
    """
    for name, value in (("nodes", nodes), ("gpus", gpus), ("hours", hours)):
        if value < 1:
            raise MapleError(f"{name}={value}", "must be at least 1", "give a larger number")
    try:
        words = shlex.split(arguments)
    except ValueError as error:
        raise MapleError(f"arguments {arguments!r}", str(error), "close the quotes") from error
    if any("'" in word for word in words):
        raise MapleError(f"arguments {arguments!r}", "hold a single quote", "use a file: --config run.yaml")
    return _SCRIPT.substitute(
        nodes=nodes,
        gpus=gpus,
        hours=hours,
        cpus=8 * gpus,
        total=nodes * gpus,
        multi="--multi_gpu " if nodes * gpus > 1 else "",
        arguments=" ".join(shlex.quote(word) for word in words).replace("'", '"'),
    )
