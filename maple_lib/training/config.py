"""One dial for training: a preset, and every field by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.methods.config import MethodConfig, check_fields, method_config


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """Everything a run depends on; saved beside its results.

    Attributes:
        model: sizes and weights of the method.
        source: what to train on: ``"phantom"``, ``"samples"`` or a folder, as ``load_studies`` takes it.
        studies: how many phantoms to draw (``source="phantom"`` only).
        difficulty: of the phantoms.
        triplets: ``"parsed"`` reads the reports, ``"given"`` takes the dataset's own.
        steps, batch_size, lr, weight_decay, warmup: of the alignment stage; ``warmup`` is the
            share of steps in which the rate rises.
        text_warm_steps, image_warm_steps: of the two warm starts; 0 leaves one out.
        warm_lr: their learning rate.
        precision: of the encoders: ``"no"`` (float32), ``"bf16"`` or ``"fp16"``; losses are always float32.
        accumulate: pieces in which the encoders see a batch; the losses see it whole.
        seed: of weights, data order and phantoms.
        workers: processes that prepare studies.
        save_every: steps between checkpoints.
        cache: folder of prepared records, shared by all runs.
        out: folder of the run.
    """

    model: MethodConfig = field(default_factory=MethodConfig)
    preset: str = "tiny"
    source: str = "phantom"
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
    precision: str = "no"
    accumulate: int = 1
    seed: int = 0
    workers: int = 2
    save_every: int = 100
    cache: str = "runs/cache"
    out: str = "runs/tiny"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """Read what ``to_dict`` wrote; a MapleError names an unknown field."""
        check_fields(cls, values)
        model = values.get("model", {})
        if isinstance(model, dict):
            model = MethodConfig.from_dict(model)
        return cls(**{**values, "model": model})


_PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {},
    "laptop": {
        "studies": 3600,
        "difficulty": "realistic",
        "steps": 900,
        "batch_size": 48,
        "text_warm_steps": 300,
        "image_warm_steps": 200,
        "out": "runs/laptop",
    },
    "gpu": {
        "source": "samples",
        "steps": 20000,
        "batch_size": 72,
        "lr": 4e-5,
        "weight_decay": 0.05,
        "warmup": 0.4,
        "save_every": 1000,
        "out": "runs/gpu",
    },
}


def train_config(method: str = "asg", preset: str = "tiny", **overrides: Any) -> TrainConfig:
    """The configuration of a run: a preset, with any field of training or model overridden by name.

    Raises:
        MapleError: if the preset or a field is unknown, or a number is out of range.
    """
    own = set(TrainConfig.__dataclass_fields__)
    model = {k: v for k, v in overrides.items() if k not in own}
    config = TrainConfig(model=method_config(method, preset, **model), preset=preset)
    config = replace(config, **_PRESETS[preset])
    config = replace(config, **{k: v for k, v in overrides.items() if k in own})
    _check(config)
    return config


def _check(config: TrainConfig) -> None:
    for name in ("studies", "batch_size", "save_every"):
        if getattr(config, name) < 1:
            raise MapleError(f"{name}={getattr(config, name)}", "must be at least 1", "give a larger number")
    for name in ("steps", "text_warm_steps", "image_warm_steps", "workers"):
        if getattr(config, name) < 0:
            raise MapleError(f"{name}={getattr(config, name)}", "must not be negative", "give 0 or more")
    if config.lr <= 0:
        raise MapleError(f"lr={config.lr}", "must be positive", "try 1e-3")
