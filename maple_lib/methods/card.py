"""A model card: what a checkpoint is, made of its configuration and of what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.methods.config import MethodConfig

CARD, METRICS = "README.md", "metrics.json"
_LICENCE = "apache-2.0"
_HEAD = """---
library_name: maple_lib
license: {licence}
tags: [medical-imaging, radiology, vision-language, grounding, {method}]
---

# {method}

An image and a text encoder, trained with the method `{method}` of MApLe Lab: images of {size} px,
embeddings of {dim} numbers.

**For research and teaching only.** Not a medical device; not for diagnosis. A model that was trained on
phantoms knows phantoms.

## Use

```python
import maple_lib

method = maple_lib.load_method("PATH_OR_HUB_NAME")
```

## Configuration

| field | value |
|---|---|
"""


def model_card(config: MethodConfig, metrics: dict[str, Any] | None = None, licence: str = _LICENCE) -> str:
    """The card as Markdown, with the metadata block that model hubs read.

    Args:
        config: of the method.
        metrics: name -> value, or name -> {"value", "protocol", ...}; None says that nothing was measured.
        licence: of the weights, as hubs write it.
    """
    head = _HEAD.format(method=config.method, size=config.image_size, dim=config.dim, licence=licence)
    fields = "".join(f"| {name} | `{value}` |\n" for name, value in config.to_dict().items())
    return head + fields + "\n## Measured\n\n" + _measured(metrics or {})


def add_metrics(folder: Path, metrics: dict[str, Any]) -> None:
    """Write measured values beside a checkpoint, and into its card.

    Raises:
        MapleError: if the folder holds no checkpoint, or its earlier metrics are damaged.
    """
    from maple_lib.methods.saving import read_config

    config, path = read_config(folder), folder / METRICS
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        merged = {**known, **metrics}
    except (ValueError, TypeError) as error:
        raise MapleError(path, "is no JSON object", "remove it, and measure again") from error
    path.write_text(json.dumps(merged, indent=1) + "\n", encoding="utf-8")
    card = model_card(config, merged, _licence(folder / CARD))
    (folder / CARD).write_text(card, encoding="utf-8")


def _licence(card: Path) -> str:
    """The licence that a card names already."""
    text = card.read_text(encoding="utf-8") if card.is_file() else ""
    found = re.search(r"^license: (\S+)$", text, re.MULTILINE)
    return found.group(1) if found else _LICENCE


def _measured(metrics: dict[str, Any]) -> str:
    if not metrics:
        return "Nothing yet: `maple eval` measures a checkpoint.\n"
    rows = "".join(f"| {name} | {_shown(value)} |\n" for name, value in metrics.items())
    return "| measure | value |\n|---|---|\n" + rows


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    return f"{value:.3f}" if isinstance(value, float) else str(value)
