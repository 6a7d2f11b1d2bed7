"""Reports as arrow tables, for Spark's ``mapInArrow``, Dask or Ray."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError
from maple_lib.reports.many import MEMO
from maple_lib.reports.parse import Parser
from maple_lib.reports.report import COLUMNS, triplet_rows

if TYPE_CHECKING:
    import pyarrow as pa


@cache
def triplet_schema() -> pa.Schema:
    """The columns of :func:`parse_table` after the identifier."""
    import pyarrow as pa

    whole = {"sentence", "start", "end", "region_start", "region_end"}
    kinds: dict[str, Any] = {name: pa.int32() for name in whole} | {
        "implied": pa.bool_(),
        "context": pa.bool_(),
    }
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])


@cache
def _parser() -> Parser:
    return Parser(memo=MEMO)


def parse_table(table: pa.Table, text: str = "report", key: str | None = None) -> pa.Table:
    """Parse a column of reports; one row per triplet comes back.

    Pure and picklable: map it over the batches of a corpus, on one machine or on many.

    Args:
        table: holds the reports.
        text: the column with the reports; nulls give no rows.
        key: the column that identifies a report, copied to its rows; None: the row number, as ``"row"``.

    Raises:
        MapleError: if a column is missing, or the text column does not hold text.
    """
    import pyarrow as pa

    for name in [text, *([key] if key else [])]:
        if name not in table.column_names:
            have = ", ".join(table.column_names)
            raise MapleError(f"table column {name!r}", "not there", f"choose among: {have}")
    texts = table.column(text).to_pylist()
    keys = table.column(key).to_pylist() if key else range(table.num_rows)
    rows = [
        (each, row)
        for each, report in zip(keys, texts, strict=True)
        for row in triplet_rows(_parser().parse(report))
    ]
    kind = table.schema.field(key).type if key else pa.int64()
    columns = list(zip(*(row for _, row in rows), strict=True)) or [()] * len(COLUMNS)
    schema = pa.schema([pa.field(key or "row", kind), *triplet_schema()])
    return pa.table([[each for each, _ in rows], *columns], schema=schema)
