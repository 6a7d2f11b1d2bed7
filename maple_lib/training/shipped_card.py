"""The data card of the checkpoints' folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LICENCE = "cc-by-4.0"
_CARD = """\
# Data card: trained checkpoints, one a method

**All have seen phantoms only.** They are small, and trained for minutes on a processor, so that notebooks
open at once and methods can be compared. For learning and research; not for diagnosis.

- Licence: Creative Commons Attribution 4.0 International (CC BY 4.0). Credit "MApLe Lab contributors".
{made}
- Checked by `sha256sum --check SHA256SUMS`, and by the library whenever it opens one by its method's name.
- Opened by name, `maple_lib.load_method("{first}")`, or by folder; in commands by `--model {first}`.

## What is inside

A folder a method, with weights (`model.safetensors`), sizes (`config.json`), word pieces (`tokenizer.json`),
a model card (`README.md`), and the training's configuration and versions (`run.json`).

| method | parameters | MB | steps | seconds of training |
|---|---|---|---|---|
{rows}

The seconds are those of the steps alone, on the machine that made them.
{stored}
"""
_HALF = "Matrices are stored in half precision, and are float32 again when they are opened."
_WHOLE = "Weights are stored in float32."


@dataclass(frozen=True, slots=True)
class Shipped:
    """What the card says of a checkpoint.

    Attributes:
        method: its name.
        parameters: numbers in its weights, running statistics included.
        size: of its folder in bytes.
        steps: of all stages.
        seconds: of these steps.
        command: that makes it.
    """

    method: str
    parameters: int
    size: int
    steps: int
    seconds: float
    command: str


def data_card(shipped: Sequence[Shipped]) -> str:
    """The card as Markdown, of at least one checkpoint."""
    rows = "\n".join(
        f"| `{s.method}` | {s.parameters:,} | {s.size / 1e6:.1f} | {s.steps} | {s.seconds:.0f} |"
        for s in shipped
    )
    stored = _HALF if all("--half" in s.command for s in shipped) else _WHOLE
    return _CARD.format(made=_made(shipped), first=shipped[0].method, rows=rows, stored=stored)


def _made(shipped: Sequence[Shipped]) -> str:
    """The commands, each with the methods it made; one for all needs no list."""
    commands: dict[str, list[str]] = {}
    for each in shipped:
        commands.setdefault(each.command, []).append(each.method)
    if len(commands) == 1:
        return f"- Made by `{shipped[0].command}`."
    return "\n".join(
        f"- Made by `{command} --methods {','.join(names)}`." for command, names in commands.items()
    )
