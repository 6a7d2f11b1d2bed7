"""Look at shapes at the door: wrong ones are told in words, right ones cost nothing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from maple_lib.errors import MapleError

_REMEDIES = {
    "A": "give one row per anchor: the same number of embeddings, findings and states",
    "B": "give the same studies, in the same order, to every argument",
    "D": "project both sides to the same embedding width (the heads of a method do that)",
    "F": "give one column per finding, the same findings in every argument",
    "K": "gather every *_all argument over the same studies",
    "L": "pad the words and their mask to the same length",
    "N": "keep one patch grid for all images of a batch",
    "R": "use one list of regions for images and sentences",
    "S": "pad the sentences and their mask to the same number",
}


def check_shapes(**tensors: tuple[Tensor | None, str]) -> None:
    """Check that tensors have the axes that their letters say, and that equal letters have equal sizes.

    Only ``.shape`` is read, so a tensor on an accelerator is not waited for.

    Args:
        **tensors: name = (tensor, letters), for example ``image=(image, "B D")``; None is skipped.

    Raises:
        MapleError: a tensor has another number of axes, or two sizes under one letter differ; the
            message names both shapes.

    Example:
        >>> import torch
        >>> check_shapes(image=(torch.zeros(4, 8), "B D"), text=(torch.zeros(4, 8), "B D"))
    """
    seen: dict[str, tuple[str, Tensor]] = {}
    sizes: dict[str, int] = {}
    for name, (tensor, letters) in tensors.items():
        if tensor is None:
            continue
        axes = letters.split()
        if tensor.ndim != len(axes):
            raise MapleError(
                f"{name} {tuple(tensor.shape)}",
                f"expected {len(axes)} axes ({', '.join(axes)}), got {tensor.ndim}",
                "add the missing axes with [None], or drop the extra ones",
            )
        for axis, size in zip(axes, tensor.shape, strict=True):
            if sizes.setdefault(axis, size) != size:
                other, reference = seen[axis]
                raise MapleError(
                    f"{name} {tuple(tensor.shape)}",
                    f"{axis} = {size}, but {other} {tuple(reference.shape)} has {axis} = {sizes[axis]}",
                    _REMEDIES.get(axis, "give both the same size"),
                )
            seen.setdefault(axis, (name, tensor))


def check_positive(**values: float | Tensor) -> None:
    """Check that plain numbers are above zero; tensors are left alone, because reading one waits for it."""
    for name, value in values.items():
        if not isinstance(value, Tensor) and not value > 0:
            raise MapleError(f"{name} {value}", "must be above 0", f"give a positive {name}")


def check_one_of(name: str, value: str, choices: Sequence[str]) -> None:
    """Check that a word is one of the words that are understood."""
    if value not in choices:
        raise MapleError(f"{name} {value!r}", "not known", f"use one of {', '.join(choices)}")


def check_offset(offset: int, batch: int, candidates: int) -> None:
    """Check that the studies of this process lie among the gathered candidates."""
    if not 0 <= offset <= candidates - batch:
        raise MapleError(
            f"offset {offset}",
            f"{batch} studies from there on do not lie within {candidates} candidates",
            "pass offset = rank x batch size with gathered candidates, and 0 without",
        )


def at_least_float32(tensor: Tensor) -> Tensor:
    """Half precision and whole numbers to float32, where sums of exponentials keep their digits."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
