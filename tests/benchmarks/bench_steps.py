"""Cost of a training step of each method, beside the same encoders with the global loss alone.

Run: OMP_NUM_THREADS=2 python tests/benchmarks/bench_steps.py [repetitions] [method ...]

resnet50 at 224 px (grid 14×14) and a BERT of 6 layers, 768 wide, with 30,522 pieces, both with random
weights, on a batch of 32 phantoms; forward, backward and AdamW. Methods take turns in every repetition, so
that a busy machine slows all of them down; the figure is the median of their ratios to the global loss in
the same turn. Nothing is downloaded. A step takes tens of seconds on two cores.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from maple_lib.data.batch import Batch, collate
from maple_lib.data.phantoms import phantom_studies
from maple_lib.data.record import make_record
from maple_lib.methods import create_method
from maple_lib.methods.base import Method

BATCH, SIZE, GRID = 32, 224, (14, 14)
BASELINE = "convirt"
METHODS = ("asg", "maple_joint", "rra_vl", "gloria", "lse_nl")


def random_bert(folder: Path) -> str:
    """A folder with a random BERT of the size of Bio_ClinicalBERT's first six layers, and a tokenizer."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    from maple_lib.encoders.tokens import small_tokenizer

    backend = small_tokenizer().backend
    BertModel(BertConfig(vocab_size=30522, num_hidden_layers=6)).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]").save_pretrained(folder)
    return str(folder)


def step(method: Method, optimiser: torch.optim.Optimizer, batch: Batch) -> float:
    """Seconds of one training step."""
    start = time.perf_counter()
    total = method.total(method.losses(batch))
    optimiser.zero_grad(set_to_none=True)
    total.backward()
    optimiser.step()
    return time.perf_counter() - start


def main(repetitions: int, names: list[str]) -> None:
    """Print seconds and ratios."""
    torch.manual_seed(0)
    studies = phantom_studies(BATCH, seed=1, size=SIZE)
    batch = collate([make_record(study, SIZE, GRID) for study in studies])
    words = sum(len(s.split()) for s in batch.sentences)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; {BATCH} studies at {SIZE} px,")
    print(f"{len(batch.sentences)} different sentences of {words} words in all; {repetitions} turns\n")
    with tempfile.TemporaryDirectory() as scratch:
        given = {"pretrained": False, "text_encoder": random_bert(Path(scratch) / "bert")}
        methods = {name: create_method(name, "gpu", **given) for name in (BASELINE, *names)}
    optimisers = {name: torch.optim.AdamW(m.parameters(), lr=4e-5) for name, m in methods.items()}
    seconds: dict[str, list[float]] = {name: [] for name in methods}
    for turn in range(repetitions + 1):
        for name, method in methods.items():
            taken = step(method, optimisers[name], batch)
            if turn:  # the first turn allocates
                seconds[name].append(taken)
    for name, taken in seconds.items():
        ratio = statistics.median(a / b for a, b in zip(taken, seconds[BASELINE], strict=True))
        print(f"{name:12} {statistics.median(taken):6.2f} s a step, {ratio:.2f} × the global loss alone")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3, sys.argv[2:] or list(METHODS))
