"""Memory that is freed stays with the process: the pages of a large tensor are not asked for again."""

import platform
import subprocess
import sys

import pytest

from maple_lib.training.memory import keep_freed_memory

SCRIPT = """
import resource, torch
from maple_lib.training.memory import keep_freed_memory
{call}
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(20_000_000).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
for _ in range(12):  # aligned blocks do not fit where the last one was: the heap grows a few times first
    faults()
print(max(faults() for _ in range(5)))
"""


def _faults(call):
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(call=call)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator is not glibc's")
def test_freed_memory_is_used_again():
    assert _faults("keep_freed_memory()") < 100 < _faults("")


def test_an_allocator_without_the_setting_is_left_alone(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed_memory() is False
