import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from gradients import gradients
from safetensors.torch import load_file

from maple_lib.methods import list_methods
from maple_lib.training.sync_norm import SyncNorm, synchronise

CONTRASTIVE = [name for name in list_methods() if name != "maple"]
JOBS = [f"{name}:align" for name in CONTRASTIVE] + ["asg:warm_text", "asg:warm_image"]


def close(one, other):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], atol=1e-8, rtol=1e-6, msg=name)


@pytest.fixture(scope="module")
def of_two_processes(tmp_path_factory):
    """Gradients of every job, computed by two gloo processes that share each batch: 6 + 5 studies."""
    out = tmp_path_factory.mktemp("gradients")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    script = Path(__file__).with_name("gradients.py")
    common = {
        **os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2",
        "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo",
    }  # fmt: skip
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), str(out), *JOBS],
            env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(2)
    ]
    assert [p.wait(timeout=400) for p in processes] == [0, 0]
    return out


@pytest.mark.parametrize("job", JOBS)
def test_two_processes_give_the_loss_and_gradients_of_one(of_two_processes, job):
    name, stage = job.split(":")
    terms, grads = gradients(name, stage)
    found = load_file(of_two_processes / f"{name}-{stage}.safetensors")
    close(terms, {k[5:]: v[0] for k, v in found.items() if k.startswith("loss.")})
    close(grads, {k: v for k, v in found.items() if not k.startswith("loss.")})


@pytest.mark.parametrize("name", CONTRASTIVE)
def test_four_pieces_give_the_gradients_of_the_whole_batch(name):
    whole, grads = gradients(name, backbone="convnext_atto")
    pieces, others = gradients(name, pieces=4, backbone="convnext_atto")
    close(whole, pieces)
    close(grads, others)


def test_a_synchronised_norm_alone_is_the_plain_one():
    import timm

    torch.manual_seed(0)
    plain = timm.create_model("regnetx_002", features_only=True, in_chans=1).train()
    other = timm.create_model("regnetx_002", features_only=True, in_chans=1).train()
    other.load_state_dict(plain.state_dict())
    synchronise(other)
    assert any(isinstance(m, SyncNorm) for m in other.modules())
    assert plain.state_dict().keys() == other.state_dict().keys()
    x = torch.randn(2, 1, 64, 64)
    for one, two in zip(plain(x), other(x), strict=True):
        torch.testing.assert_close(one, two)
