"""The notebook's table of features is true: every file is there, and the real loop uses it."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def imports(path, seen):
    """Every module of the training room that a file brings in, directly or through another."""
    for name in re.findall(r"from maple_lib\.training\.(\w+) import", path.read_text()):
        if name not in seen:
            seen.add(name)
            imports(ROOT / "maple_lib" / "training" / f"{name}.py", seen)
    return seen


def test_the_complete_loop_holds_every_feature_of_the_notebook():
    notebook = json.loads((ROOT / "notebooks" / "08_training.ipynb").read_text())
    text = "".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown")
    named = set(re.findall(r"`training/(\w+)\.py`", text))
    assert len(named) >= 10
    assert named <= imports(ROOT / "maple_lib" / "training" / "run.py", {"run"})
