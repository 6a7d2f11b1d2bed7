"""What a method is built from: one dataclass, saved beside every checkpoint."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.methods import check_method
from maple_lib.methods.fields import checked


@dataclass(frozen=True, slots=True)
class MethodConfig:
    """Sizes and weights of a method.

    Attributes:
        method: name in the registry.
        image_encoder: timm model name.
        image_size: input side in pixels.
        image_strides: feature maps fused on the grid of the finest.
        image_width: channels of the fused features.
        image_positions: add a learned vector to every patch; a backbone from scratch finds its way sooner.
        pretrained: start from timm's weights.
        text_encoder: ``"small"`` or a transformers name or path.
        text_layers, text_width, text_heads: size of the small BERT.
        max_length: word pieces per sentence.
        dim: size of the shared embedding.
        head_hidden: width inside the projection heads.
        text_pooling: what stands for a whole text: the ``"mean"`` of its words, or its ``"first"`` token.
            The first token of an untrained encoder tells next to nothing of the text: a contrast with it
            stays at ln B.
        report_text: how reports are read: ``"sentences"`` reads each different sentence of a batch once,
            ``"whole"`` (ASG only) each report as one sequence of ``max_length`` pieces.
        tag_layers, tag_hidden: depth and inner width of ASG's tag decoder.
        temperature: of every contrastive term.
        weights: weight of each loss term, by name; a term that is not named has the weight of its
            paper, one of weight 0 is not computed.
        options: settings of one method alone, by name, e.g. those of ``MapleOptions``.
    """

    method: str = "asg"
    image_encoder: str = "regnetx_002"
    image_size: int = 128
    image_strides: tuple[int, ...] = (8, 16)
    image_width: int = 192
    image_positions: bool = False
    pretrained: bool = False
    text_encoder: str = "small"
    text_layers: int | None = 2
    text_width: int = 128
    text_heads: int = 4
    max_length: int = 112
    dim: int = 128
    head_hidden: int = 256
    text_pooling: str = "mean"
    report_text: str = "sentences"
    tag_layers: int = 2
    tag_hidden: int = 256
    temperature: float = 0.07
    weights: dict[str, float] | None = None
    options: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> MethodConfig:
        """Read what ``to_dict`` wrote.

        Raises:
            MapleError: if a field is unknown, or a value is not of its kind.
        """
        return cls(**checked(cls, values))


PRESETS: dict[str, MethodConfig] = {
    "tiny": MethodConfig(),
    "laptop": MethodConfig(image_width=256, head_hidden=512, image_positions=True),
    "gpu": MethodConfig(
        image_encoder="resnet50",
        image_size=224,
        image_strides=(16, 32),
        image_width=768,
        pretrained=True,
        text_encoder="emilyalsentzer/Bio_ClinicalBERT",
        text_layers=6,
        text_pooling="first",
        head_hidden=2048,
        tag_layers=4,
        tag_hidden=1024,
    ),
}

# Where a paper's number differs from the field's default above.
OWN: dict[str, dict[str, Any]] = {
    "convirt": {"temperature": 0.1, "text_pooling": "mean"},
    "gloria": {"temperature": 0.1, "text_pooling": "mean"},
    "maple": {"dim": 64},
}
# MApLe's embeddings are as wide as its text encoder, and its networks as deep as in the paper.
_MAPLE: dict[str, Any] = {"patch": 32, "patch_widths": (16, 32, 64, 128, 256), "patch_stem": 1, "bag": 64}
_MAPLE |= {"pool_layers": 6, "pool_heads": 12}
OWN_AT: dict[tuple[str, str], dict[str, Any]] = {
    ("maple", preset): {"dim": 768, "options": _MAPLE} for preset in ("gpu", "cluster")
}
# Maps of 32 x 32 cells: on 16 x 16 the protocol's blur hides what is smaller than a cell.
OWN_AT["maple_joint", "laptop"] = {"image_strides": (4, 8, 16), "image_width": 128, "head_hidden": 256}
# In a few minutes much is not learned; it had better be said than missed.
OWN_AT["maple_joint", "laptop"]["options"] = {"missed": 8.0}
PRESETS["cluster"] = PRESETS["gpu"]  # the same model, on more machines


def method_config(method: str, preset: str = "tiny", **overrides: Any) -> MethodConfig:
    """The configuration of a method at a preset, with any field overridden by name.

    Raises:
        MapleError: if the method, the preset or a field is unknown; the message lists what there is.
    """
    check_method(method)
    if preset not in PRESETS:
        raise MapleError(f"preset {preset!r}", "unknown preset", f"use one of: {', '.join(PRESETS)}")
    overrides = checked(MethodConfig, overrides)
    own = OWN.get(method, {}) | OWN_AT.get((method, preset), {})
    if own.get("options"):
        overrides["options"] = own["options"] | (overrides.get("options") or {})
    return replace(PRESETS[preset], **{**own, **overrides, "method": method})
