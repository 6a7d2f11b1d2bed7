"""A configuration in a file: YAML with the names of fields, no more than differs from the preset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from maple_lib.errors import MapleError
from maple_lib.training.config import TrainConfig, train_config


def read_config(path: str | Path | None = None, **overrides: Any) -> TrainConfig:
    """The configuration of a run from a file and from fields given by name, which win.

    Args:
        path: YAML such as ``{method: asg, preset: laptop, lr: 1.0e-4, dim: 64}``; None for no file.
        **overrides: ``method``, ``preset`` or any field.

    Raises:
        MapleError: if the file is missing or no mapping, or a field is unknown.
    """
    fields = {**(_fields(Path(path)) if path is not None else {}), **overrides}
    method, preset = fields.pop("method", "asg"), fields.pop("preset", "tiny")
    return train_config(str(method), str(preset), **fields)


def config_text(config: TrainConfig) -> str:
    """Every field as YAML that ``read_config`` reads back."""
    values = config.to_dict()
    model = values.pop("model")
    flat = {"method": model.pop("method"), "preset": values.pop("preset"), **values, **model}
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in flat.items()}
    text: str = yaml.safe_dump(plain, sort_keys=False)
    return text


def _fields(path: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise MapleError(path, "no such file", "check the path") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MapleError(path, "is not YAML", "write lines such as `lr: 1.0e-4`") from error
    if not isinstance(values, dict):
        raise MapleError(path, "holds no fields", "write lines such as `lr: 1.0e-4`")
    return {str(k): _number(tuple(v) if isinstance(v, list) else v) for k, v in values.items()}


def _number(value: Any) -> Any:
    """YAML reads 1e-4, without a point, as text; a field means the number."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value
