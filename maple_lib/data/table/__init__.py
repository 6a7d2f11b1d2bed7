"""Studies as a Parquet file: its schema, how it is written, checked, continued and opened."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maple_lib.data.table.ingesting import ingest as ingest
    from maple_lib.data.table.schema import TableInfo as TableInfo
    from maple_lib.data.table.schema import study_schema as study_schema
    from maple_lib.data.table.studies import study_from_row as study_from_row
    from maple_lib.data.table.summary import Summary as Summary
    from maple_lib.data.table.table import StudyTable as StudyTable
    from maple_lib.data.table.validate import TableReport as TableReport
    from maple_lib.data.table.validate import validate_table as validate_table
    from maple_lib.data.table.writing import write_rows as write_rows

_HOMES = {
    "StudyTable": "table",
    "Summary": "summary",
    "TableInfo": "schema",
    "TableReport": "validate",
    "ingest": "ingesting",
    "study_from_row": "studies",
    "study_schema": "schema",
    "validate_table": "validate",
    "write_rows": "writing",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: tables bring pyarrow with them."""
    if name in _HOMES:
        found = getattr(import_module(f"maple_lib.data.table.{_HOMES[name]}"), name)
        globals()[name] = found
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
