"""Prompts for all findings in all regions, read once and again when the weights have changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from maple_lib.data.record import FINDING_INDEX, REGION_INDEX
from maple_lib.methods.maple_joint_texts import placed_prompts

if TYPE_CHECKING:
    from maple_lib.methods.base import Method

_AT_ONCE = 256  # prompts
Version = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class PlacedPrompts:
    """What regions are asked; R regions, F findings of the vocabulary.

    Attributes:
        findings: (F, R, D) unit-norm phrases of "finding f in the region r".
        nothing: (R, D) unit-norm phrases of "no finding in the region r".
    """

    findings: Tensor
    nothing: Tensor


class PromptBank:
    """Keeps the embedded prompts of one method; a copy of it begins empty."""

    def __init__(self) -> None:
        self._version: Version = ()
        self._kept: PlacedPrompts | None = None

    def read(self, method: Method) -> PlacedPrompts:
        """The prompts as the method's present weights read them."""
        # a step changes the version, a move to another device or precision the address
        version = tuple((id(p), p.data_ptr(), p._version) for p in method.parameters())
        if self._kept is None or version != self._version:
            self._kept, self._version = _read(method), version
        return self._kept

    def __deepcopy__(self, memo: object) -> PromptBank:
        return PromptBank()

    def __reduce__(self) -> tuple[type[PromptBank], tuple[()]]:
        return PromptBank, ()


def _read(method: Method) -> PlacedPrompts:
    """Nothing is dropped out, and the result may be used where gradients are wanted."""
    prompts = placed_prompts(tuple(FINDING_INDEX))
    training = method.training
    method.eval()
    with torch.inference_mode(False), torch.no_grad():
        parts = [
            method.encode_sentences(prompts[i : i + _AT_ONCE]).phrase
            for i in range(0, len(prompts), _AT_ONCE)
        ]
        phrases = torch.nn.functional.normalize(torch.cat(parts), dim=-1)
    method.train(training)
    placed = phrases.unflatten(0, (-1, len(REGION_INDEX)))
    return PlacedPrompts(placed[:-1], placed[-1])
