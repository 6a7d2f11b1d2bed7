"""Studies and texts through a method, batch by batch, as it is used: evaluation mode, no gradients."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from maple_lib.data.study import Study

if TYPE_CHECKING:
    import torch

    from maple_lib.encoders.features import ImageFeatures, TextFeatures

Features = TypeVar("Features")


def method_name(method: Any) -> str:
    """The name that goes with the numbers: the method's own, its configuration's, or its class's."""
    configured = getattr(getattr(method, "config", None), "method", None)
    return str(getattr(method, "name", None) or configured or type(method).__name__)


@contextmanager
def inference(method: Any) -> Iterator[None]:
    """Evaluation mode without gradients; the method's former mode comes back at the end."""
    import torch

    training = getattr(method, "training", False)
    if training:
        method.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        if training:
            method.train()


def encode_studies(
    method: Any, studies: Sequence[Study], batch_size: int = 32, regions: bool = False
) -> Iterator[tuple[range, ImageFeatures]]:
    """Encode studies in batches; to be used inside ``inference``.

    Args:
        method: anything that speaks the interface of a method.
        studies: their pixels are read batch by batch.
        batch_size: studies per batch, at least 1.
        regions: whether to pool the regions too, from the studies' own masks.

    Yields:
        The indices of a batch, and its features.
    """
    from maple_lib.data.pixels import images_tensor, region_weights

    device = _device(method)
    for start in range(0, len(studies), batch_size):
        index = range(start, min(start + batch_size, len(studies)))
        batch = [studies[i] for i in index]
        images = images_tensor(batch, method.image_size).to(device)
        weights = region_weights(batch, method.grid)[0].to(device) if regions else None
        yield index, method.encode_images(images, weights)


def encode_texts(method: Any, texts: Sequence[str], batch_size: int = 128) -> TextFeatures:
    """Features of all texts, T rows; to be used inside ``inference``.

    A text is encoded once, however often it occurs.
    """
    unique = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    distinct = list(unique)
    parts = [method.encode_texts(distinct[i : i + batch_size]) for i in range(0, len(distinct), batch_size)]
    return select(_join(parts), [unique[text] for text in texts])


def searched(method: Any, embeddings: torch.Tensor, region: int) -> torch.Tensor:
    """(n, K) what the method's search compares of (n, D) embeddings of a region, or of texts about it.

    A method that does not say so is searched by cosine.
    """
    from torch.nn.functional import normalize

    own = getattr(method, "searched", None)
    found: torch.Tensor = normalize(embeddings, dim=-1) if own is None else own(embeddings, region)
    return found


def select(features: Features, index: Sequence[int]) -> Features:
    """The rows ``index`` of every tensor of the features."""
    import torch

    rows = torch.as_tensor(list(index), dtype=torch.long)
    chosen = {
        field.name: value[rows.to(value.device)]
        for field in dataclasses.fields(features)  # type: ignore[arg-type]
        if isinstance(value := getattr(features, field.name), torch.Tensor)
    }
    return dataclasses.replace(features, **chosen)  # type: ignore[type-var]


def _device(method: Any) -> torch.device | str:
    parameter = next(iter(method.parameters()), None) if hasattr(method, "parameters") else None
    return "cpu" if parameter is None else parameter.device


def _join(parts: Sequence[Features]) -> Features:
    """Features of several batches as one; word axes are padded with zeros to the longest."""
    import torch

    joined = {}
    for field in dataclasses.fields(parts[0]):  # type: ignore[arg-type]
        values = [getattr(part, field.name) for part in parts]
        if isinstance(values[0], torch.Tensor):
            joined[field.name] = torch.cat(_pad_words(values))
    return dataclasses.replace(parts[0], **joined)  # type: ignore[type-var]


def _pad_words(values: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Bring (B, L, ...) tensors to one L; (B, D) embeddings have one D already. No number is -1."""
    import torch

    length = max(value.shape[1] for value in values)
    nothing = -1 if values[0].dtype is torch.long else 0
    padded = [value.new_full((len(value), length, *value.shape[2:]), nothing) for value in values]
    for target, value in zip(padded, values, strict=True):
        target[:, : value.shape[1]] = value
    return padded
