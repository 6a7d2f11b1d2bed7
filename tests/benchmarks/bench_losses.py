"""Time and memory of the word–patch loss against a loop over captions, forward and backward; word pooling.

Run: python tests/benchmarks/bench_losses.py [repetitions]

The loop follows GLoRIA's released steps one by one: patches as (B, D, N), turned for every caption, the
caption repeated for every image, contexts written out, cosines from norms. ``loop, tidied`` leaves out the
turning and copying that a careful reader would leave out too; both are shown, so that nobody is misled.

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

from maple_lib.encoders.text import sum_pieces
from maple_lib.encoders.tokens import Tokens
from maple_lib.losses import word_patch_contrastive

CASES = {
    "batch 64, 64 words, 49 patches, D 768": (64, 64, 49, 768),
    "batch 32, 64 words, 196 patches, D 256": (32, 64, 196, 256),
}
REPETITIONS = 4


def released_loop(patches: Tensor, words: Tensor, mask: Tensor) -> Tensor:
    """GLoRIA's local loss in the steps of its released code."""
    images = patches.transpose(1, 2)
    (B, _, N), own = images.shape, torch.arange(len(images))
    similarities = []
    for caption, kept in zip(words, mask, strict=True):
        query = caption[kept].T[None].contiguous().repeat(B, 1, 1)
        L = query.shape[2]
        fit = torch.bmm(images.transpose(1, 2).contiguous(), query)
        shares = fit.view(B * N, L).softmax(-1).view(B, N, L).transpose(1, 2).contiguous()
        attention = (4.0 * shares.view(B * L, N)).softmax(-1).view(B, L, N)
        contexts = torch.bmm(images, attention.transpose(1, 2).contiguous())
        word = query.transpose(1, 2).contiguous().view(B * L, -1)
        context = contexts.transpose(1, 2).contiguous().view(B * L, -1)
        norms = (word.norm(2, 1) * context.norm(2, 1)).clamp(min=1e-8)
        cosines = ((word * context).sum(1) / norms).view(B, L)
        similarities.append((5.0 * cosines).exp().sum(1, keepdim=True).log())
    logits = 10.0 * torch.cat(similarities, 1)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


def tidied_loop(patches: Tensor, words: Tensor, mask: Tensor) -> Tensor:
    """The same caption by caption, without turning and copying what need not be."""
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
    "loop": released_loop,
    "loop, tidied": tidied_loop,
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
    ours = rows.pop("ours")
    for name, loop in rows.items():
        print(
            f"{case}  ours against {name}: first {loop[0] / ours[0]:.1f}x, then {loop[1] / ours[1]:.1f}x;"
            f" memory {ours[2] / loop[2]:.3f}x"
        )
    print()


def pool_token_by_token(hidden: Tensor, word: Tensor, length: int) -> Tensor:
    """Pieces into words as released by GLoRIA and ASG: every token is asked for its word."""
    texts = []
    for row, pieces in zip(word, hidden, strict=True):
        words: list[Tensor] = []
        bank: list[Tensor] = []
        last = None
        for t, piece in enumerate(pieces):
            of = row[t].item()  # waits for the device, once a token
            if bank and of != last:
                words.append(torch.stack(bank).sum(0))
                bank = []
            last = of
            if of < length:
                bank.append(piece)
        words.append(torch.stack(bank).sum(0))
        padding = [torch.zeros_like(words[0])] * (length - len(words))
        texts.append(torch.stack([*words, *padding]))
    return torch.stack(texts)


def report_pooling(repetitions: int) -> None:
    """Pieces into words, batch 32 × 112 tokens of 768, forward and backward: ours, and token by token."""
    torch.manual_seed(0)
    hidden = torch.randn(32, 112, 768, requires_grad=True)
    begins = torch.rand(32, 112) < 0.75
    begins[:, :2] = torch.tensor([False, True])
    word = begins.long().cumsum(1) - 1
    length = int(word.max()) + 1
    valid = torch.arange(length) <= word.max(1, keepdim=True).values
    word[:, 0] = length  # the first token belongs to no word
    tokens = Tokens(torch.zeros_like(word), torch.ones_like(word), word, valid)
    forms = {
        "loop": lambda: pool_token_by_token(hidden, word, length),
        "ours": lambda: sum_pieces(hidden, tokens),
    }
    torch.testing.assert_close(forms["loop"](), forms["ours"]())
    toward = torch.randn(32, length, 768)
    best: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(repetitions):
        for name, form in forms.items():
            hidden.grad, start = None, time.perf_counter()
            form().backward(toward)
            best[name].append(time.perf_counter() - start)
    loop, ours = (1000 * min(best[name]) for name in forms)
    print(f"word pooling, 32 × 112 tokens: loop {loop:.1f} ms, ours {ours:.2f} ms, {loop / ours:.0f}x")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads\n")
        repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
        for name in CASES:
            report(name, repetitions)
        report_pooling(10 * repetitions)
