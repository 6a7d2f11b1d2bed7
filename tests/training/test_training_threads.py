"""Batches are put together beside the step without a team of processor threads of their own.

Where two teams of torch's threads are more than the cores, both wait for each other by sleeping instead of
spinning: every operation of a step takes longer, though the second team has next to nothing to do.
"""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os
from dataclasses import replace

import numpy as np
import torch

from maple_lib.training.corpus import Corpus
from toys import toy_record

torch.set_num_threads(2)
record = replace(toy_record(0), pixels=np.zeros((256, 256), np.uint8))
corpus = Corpus([record] * 16)  # a million pixels a batch: more than enough to be shared out
threads = lambda: len(os.listdir("/proc/self/task"))
torch.rand(1 << 20).exp()
before = threads()
print(max(threads() - before for _ in corpus.batches(range(8), 16, 0)))
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted as Linux lists them")
def test_one_thread_prepares_batches_and_no_team():
    tests = str(Path(__file__).parent.parent)
    path = f"import sys; sys.path.insert(0, {tests!r})\n"
    done = subprocess.run([sys.executable, "-c", path + SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == 1
