"""Time and memory of the word–patch loss against a loop over captions, forward and backward.

Run: python tests/benchmarks/bench_losses.py [repetitions]

Each form runs in a process of its own, because the peak of a process cannot be reset. Times are the first
call (fresh memory) and the median of the others; memory is the growth of the peak resident set over what
the process held with its inputs and one gradient of each ready.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from maple_lib.losses import word_patch_contrastive

CASES = {
    "batch 64, 64 words, 49 patches, D 768": (64, 64, 49, 768),
    "batch 32, 64 words, 196 patches, D 256": (32, 64, 196, 256),
}
REPETITIONS = 4


def per_caption_loop(patches: Tensor, words: Tensor, mask: Tensor) -> Tensor:
    """GLoRIA's local loss caption by caption: attention, contexts written out, cosines."""
    batch, own = len(patches), torch.arange(len(patches))
    similarities = []
    for caption, kept in zip(words, mask, strict=True):
        query = caption[kept].T[None].repeat(batch, 1, 1)
        shares = torch.bmm(patches, query).softmax(2)
        attention = (4.0 * shares.transpose(1, 2).contiguous()).softmax(2)
        contexts = torch.bmm(attention, patches)
        cosines = functional.cosine_similarity(query.transpose(1, 2).contiguous(), contexts, dim=2)
        similarities.append((5.0 * cosines).exp().sum(1).log())
    logits = 10.0 * torch.stack(similarities, 1)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


FORMS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "loop": per_caption_loop,
    "ours": word_patch_contrastive,
}


def measure(form: str, case: str, repetitions: int) -> None:
    """Print loss, first and median seconds, and the growth of the peak in MB, for the parent to read."""
    B, L, N, D = CASES[case]
    torch.manual_seed(0)
    patches = (torch.randn(B, N, D) / D**0.25).requires_grad_()
    words = (torch.randn(B, L, D) / D**0.25).requires_grad_()
    mask = torch.ones(B, L, dtype=torch.bool)
    patches.grad, words.grad = torch.ones_like(patches), torch.ones_like(words)
    (patches.detach() @ patches.detach().mT).sum()  # the library's own buffers belong to the start
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(repetitions):
        patches.grad = words.grad = None
        start = time.perf_counter()
        loss = FORMS[form](patches, words, mask)
        loss.backward()
        seconds.append(time.perf_counter() - start)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(loss.item(), seconds[0], statistics.median(seconds[1:]), grown)


def report(case: str, repetitions: int) -> None:
    """Run both forms in turn and print what they took and how they compare."""
    rows = {}
    for form in FORMS:
        command = [sys.executable, __file__, "--one", form, case, str(repetitions)]
        out = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ).stdout
        loss, first, median, grown = map(float, out.split())
        rows[form] = first, median, grown
        print(
            f"{case}  {form}: first {first:.2f} s, then {median:.2f} s, peak +{grown:.0f} MB, loss {loss:.5f}"
        )
    loop, ours = rows["loop"], rows["ours"]
    print(
        f"{case}  faster: first {loop[0] / ours[0]:.1f}x, then {loop[1] / ours[1]:.1f}x;"
        f" memory {ours[2] / loop[2]:.3f}x\n"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
        for name in CASES:
            report(name, int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS)
