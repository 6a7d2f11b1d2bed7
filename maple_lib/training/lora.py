"""Low-rank adapters: a large text encoder learns through a few thousand weights, the rest stays.

Source: Hu et al., LoRA (ICLR 2022); the adapters are peft's, an extra of this package.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from maple_lib.errors import MapleError
from maple_lib.methods.base import Method

# Names of the query and value projections in the text encoders of transformers.
_TARGETS = ("query", "value", "q_lin", "v_lin", "q_proj", "v_proj")


def add_adapters(method: Method, rank: int) -> None:
    """Freeze the text encoder and put adapters of a rank beside its query and value projections.

    Raises:
        MapleError: if peft is not installed, or the encoder has no such projections.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise MapleError(
            f"lora={rank}", "needs peft", "install it: pip install 'maple-lab[lora]', or set lora=0"
        ) from error
    model: Any = method.text_encoder.model
    names = {name.rsplit(".", 1)[-1] for name, part in model.named_modules() if isinstance(part, nn.Linear)}
    targets = sorted(names & set(_TARGETS))
    if not targets:
        raise MapleError(f"lora={rank}", "the text encoder has no query and value projections", "set lora=0")
    inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=targets), model)


def without_adapters(method: Method) -> Method:
    """A method that computes the same with plain weights: the adapters added to what they adapt."""
    if not any(hasattr(part, "lora_A") for part in method.modules()):
        return method
    plain = copy.deepcopy(method)
    _merge(plain.text_encoder)
    return plain


def _merge(module: nn.Module) -> None:
    for name, child in module.named_children():
        if hasattr(child, "lora_A"):
            adapted: Any = child
            adapted.merge()
            setattr(module, name, adapted.get_base_layer())
        else:
            _merge(child)
