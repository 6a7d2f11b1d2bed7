"""Docstrings are written for an editor, with Markdown tables and |x| for a norm; the API page needs reST."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from sphinx.application import Sphinx


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _list_table(rows: list[str]) -> list[str]:
    lines = ["", ".. list-table::", "   :header-rows: 1", ""]
    for row in [rows[0], *rows[2:]]:
        cells = _cells(row)
        lines += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]
    return [*lines, ""]


def _text(line: str) -> str:
    """Escape bars outside ``code``: in reST they would be substitutions."""
    parts = re.split(r"(`+[^`]*`+)", line)
    return "".join(part if part.startswith("`") else part.replace("|", r"\|") for part in parts)


def _convert(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    groups = groupby(list(lines), key=lambda line: line.lstrip().startswith("|"))
    lines[:] = [
        out for table, rows in groups for out in (_list_table(list(rows)) if table else map(_text, rows))
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Convert before napoleon sees the docstring."""
    app.connect("autodoc-process-docstring", _convert, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
