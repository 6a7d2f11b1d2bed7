"""One dial for training: a preset, and every field by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.methods.config import MethodConfig, method_config
from maple_lib.methods.fields import check_names, checked

PRECISIONS = ("no", "bf16", "fp16")


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything a run depends on; saved beside its results.

    Attributes:
        model: sizes and weights of the method.
        source: what to train on: ``"phantom"``, ``"samples"`` or a folder, as ``load_studies`` takes it.
        root: folder of the source's images: a public dataset's download, or where a table's images lie now.
        studies: how many phantoms to draw (``source="phantom"`` only).
        difficulty: of the phantoms.
        triplets: ``"parsed"`` reads the reports, ``"given"`` takes the dataset's own.
        steps, batch_size, lr, weight_decay, warmup: of the alignment stage; ``batch_size`` counts all
            processes together, ``warmup`` is the share of steps in which the rate rises.
        text_warm_steps, image_warm_steps: of the two warm starts; 0 leaves one out.
        warm_lr: their learning rate.
        freeze: parameters whose names begin so stay as they are: ``("text_encoder.model.embeddings",)``.
        lora: rank of adapters in the text encoder, whose own weights then stay; 0 for none; needs peft.
        layer_decay: share of the rate that a layer has of the one above it; 1 treats all alike.
        ema: share of the old weights that their moving average keeps each step; 0 for none.
        precision: of the encoders: ``"no"`` (float32), ``"bf16"`` or ``"fp16"``; losses are always float32.
        accumulate: pieces in which the encoders see a batch; the losses see it whole.
        compile, channels_last, recompute: faster kernels, another memory order, less memory for more time.
        validate_every: steps between validations; 0 for none.
        patience: validations without a better one after which training stops; 0 never stops early.
        seed: of weights, data order and phantoms.
        workers: processes that prepare studies.
        save_every: steps between checkpoints.
        keep: how many checkpoints stay; the best by validation stays besides.
        trackers: of accelerate, by name: ``("tensorboard",)``; the JSONL log is always written.
        cache: folder of prepared records, shared by all runs.
        out: folder of the run.
    """

    model: MethodConfig = field(default_factory=MethodConfig)
    preset: str = "tiny"
    source: str = "phantom"
    root: str = ""
    studies: int = 1200
    difficulty: str = "easy"
    triplets: str = "parsed"
    steps: int = 360
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    text_warm_steps: int = 150
    image_warm_steps: int = 120
    warm_lr: float = 1e-3
    freeze: tuple[str, ...] = ()
    lora: int = 0
    layer_decay: float = 1.0
    ema: float = 0.0
    precision: str = "no"
    accumulate: int = 1
    compile: bool = False
    channels_last: bool = False
    recompute: bool = False
    validate_every: int = 0
    patience: int = 0
    seed: int = 0
    workers: int = 2
    save_every: int = 100
    keep: int = 1
    trackers: tuple[str, ...] = ()
    cache: str = "runs/cache"
    out: str = "runs/tiny"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """Read what ``to_dict`` wrote; a MapleError names an unknown field."""
        model = values.get("model", {})
        if isinstance(model, dict):
            model = MethodConfig.from_dict(model)
        return cls(**checked(cls, {**values, "model": model}))


# Batch, rate, decay and warm-up of one process of ASG's released code; `cluster` is sixteen of them.
_GPU: dict[str, Any] = {
    "source": "samples",
    "steps": 20000,
    "batch_size": 72,
    "lr": 4e-5,
    "weight_decay": 0.05,
    "warmup": 0.4,
    "precision": "bf16",
    "channels_last": True,
    "validate_every": 1000,
    "patience": 5,
    "workers": 8,
    "save_every": 1000,
}
_PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {},
    "laptop": {
        "studies": 7200,
        "difficulty": "realistic",
        "steps": 600,
        "batch_size": 48,
        "lr": 2e-3,
        "text_warm_steps": 300,
        "image_warm_steps": 150,
        "channels_last": True,
        "out": "runs/laptop",
    },
    "gpu": _GPU | {"out": "runs/gpu"},
    "cluster": _GPU
    | {
        "batch_size": 1152,
        "lr": 1.6e-4,
        "text_warm_steps": 0,
        "image_warm_steps": 0,
        "recompute": True,
        "keep": 3,
        "out": "runs/cluster",
    },
}

# Steps that fit into the same eight minutes on two cores: one of GLoRIA costs three of ConVIRT. Where the
# text encoder stands still, a rate can be higher than a transformer in training would bear.
_OWN: dict[str, dict[str, dict[str, Any]]] = {
    "laptop": {
        "convirt": {"steps": 1000},
        "maple": {"steps": 850},
        "lse_nl": {"steps": 780},
        "maple_joint": {"steps": 640, "lr": 3e-3},
        "asg": {"steps": 500},
        "gloria": {"steps": 390},
        "rra_vl": {"steps": 390},
    }
}


def train_config(method: str = "asg", preset: str = "tiny", **overrides: Any) -> TrainConfig:
    """The configuration of a run: a preset, with any field of training or model overridden by name.

    Raises:
        MapleError: if the preset or a field is unknown, or a number is out of range.
    """
    own, its = TrainConfig.__dataclass_fields__, MethodConfig.__dataclass_fields__
    check_names(overrides, [*own, *its], "a configuration")
    model = {k: v for k, v in overrides.items() if k not in own}
    config = TrainConfig(model=method_config(method, preset, **model), preset=preset)
    config = replace(config, **_PRESETS[preset] | _OWN.get(preset, {}).get(method, {}))
    config = replace(config, **checked(TrainConfig, {k: v for k, v in overrides.items() if k in own}))
    _check(config)
    return config


def _check(config: TrainConfig) -> None:
    for name in ("studies", "batch_size", "save_every", "accumulate", "keep"):
        if getattr(config, name) < 1:
            raise MapleError(f"{name}={getattr(config, name)}", "must be at least 1", "give a larger number")
    for name in (
        "steps",
        "text_warm_steps",
        "image_warm_steps",
        "workers",
        "validate_every",
        "patience",
        "lora",
    ):
        if getattr(config, name) < 0:
            raise MapleError(f"{name}={getattr(config, name)}", "must not be negative", "give 0 or more")
    if config.lr <= 0:
        raise MapleError(f"lr={config.lr}", "must be positive", "try 1e-3")
    if not 0 < config.layer_decay <= 1:
        raise MapleError(f"layer_decay={config.layer_decay}", "must be in (0, 1]", "try 0.8")
    if config.precision not in PRECISIONS:
        choices = ", ".join(PRECISIONS)
        raise MapleError(f"precision={config.precision!r}", "unknown", f"use one of: {choices}")
