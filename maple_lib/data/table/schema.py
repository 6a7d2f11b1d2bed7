"""The columns of a studies table, and what its file says of itself.

One row is one study. Lists of structs hold what a study has several of; ``book/schema.md`` explains every
field. A change that older readers cannot follow raises ``VERSION``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT, VERSION = "maple-studies", 1
_KINDS = {str: "text", dict: "mapping", bool: "true or false", int: "whole number"}
_KEY = b"maple"


@dataclass(frozen=True, slots=True)
class TableInfo:
    """What a studies table says of itself.

    Attributes:
        dataset: name of the dataset, or empty where rows of several lie together.
        root: folder of the dataset when the table was made; paths of images start there.
        options: what its reader was given.
        library: version of this library; its parser read the reports.
        parsed: whether reports were parsed when the table was made.
        counts: what ``Summary.counts`` says: studies, images, reports, ...
        version: of the schema.
    """

    dataset: str = ""
    root: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    library: str = ""
    parsed: bool = False
    counts: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION


@cache
def study_schema() -> pa.Schema:
    """The Arrow schema of a studies table."""
    import pyarrow as pa

    text, whole, real = pa.string(), pa.int32(), pa.float64()
    return pa.schema(
        [
            pa.field("dataset", text, nullable=False),
            pa.field("study_id", text, nullable=False),
            pa.field("patient_id", text, nullable=False),
            pa.field("split", text),
            pa.field("report", text, nullable=False),
            pa.field("images", pa.list_(_images(text, whole)), nullable=False),
            pa.field("labels", pa.map_(text, pa.int8()), nullable=False),
            pa.field("regions", pa.list_(_regions(text, real)), nullable=False),
            pa.field("phrases", pa.list_(_phrases(text, real)), nullable=False),
            pa.field("triplets", pa.list_(_triplets(text, whole))),
        ]
    )


def _images(text: Any, whole: Any) -> Any:
    import pyarrow as pa

    kinds = {"rows": whole, "columns": whole}
    names = ("image_id", "path", "view", "time", "rows", "columns")
    return pa.struct([(name, kinds.get(name, text)) for name in names])


def _regions(text: Any, real: Any) -> Any:
    import pyarrow as pa

    box = pa.struct([(edge, real) for edge in ("x1", "y1", "x2", "y2")])
    kinds = {"box": box, "confidence": real}
    names = ("image_id", "name", "box", "rle", "source", "confidence")
    return pa.struct([(name, kinds.get(name, text)) for name in names])


def _phrases(text: Any, real: Any) -> Any:
    import pyarrow as pa

    box = pa.struct([(name, real) for name in ("x", "y", "width", "height")])
    kinds = {"boxes": pa.list_(box), "polygons": pa.list_(pa.list_(real))}
    names = ("image_id", "text", "finding", "region", "boxes", "polygons", "rle")
    return pa.struct([(name, kinds.get(name, text)) for name in names])


def _triplets(text: Any, whole: Any) -> Any:
    import pyarrow as pa

    kinds = dict.fromkeys(("sentence", "start", "end", "region_start", "region_end"), whole)
    kinds |= {"implied": pa.bool_(), "attributes": pa.map_(text, text)}
    names = (
        "region", "finding", "existence", "sentence", "start", "end",
        "region_start", "region_end", "implied", "attributes",
    )  # fmt: skip
    return pa.struct([(name, kinds.get(name, text)) for name in names])


def with_info(schema: pa.Schema, info: TableInfo) -> pa.Schema:
    """The schema with what the table says of itself in its metadata."""
    said = {"format": FORMAT, **asdict(info)}
    return schema.with_metadata({_KEY: json.dumps(said, sort_keys=True, default=str).encode()})


def read_info(schema: pa.Schema, path: Path) -> TableInfo:
    """What a table says of itself; also checks that its columns are those of this version.

    Raises:
        MapleError: if the file is no studies table, of another version, or a column is missing or of
            another type.
    """
    remedy = "make it with `maple ingest`"
    try:
        said = json.loads((schema.metadata or {})[_KEY])
        if said.pop("format") != FORMAT:
            raise KeyError
        version = int(said["version"])
    except (KeyError, ValueError, TypeError, AttributeError):
        raise MapleError(path, "a Parquet file, but not a studies table", remedy) from None
    if version != VERSION:
        older = "an older" if version < VERSION else "a newer"
        raise MapleError(
            path,
            f"schema version {version}, made by {older} release ({said.get('library') or 'unknown'}); "
            f"this one reads version {VERSION}",
            f"{remedy} again" if version < VERSION else "upgrade maple-lab",
        )
    _check_columns(schema, path)
    return _info(said, path)


def _info(said: Mapping[str, Any], path: Path) -> TableInfo:
    """The fields that are known, each of its kind: metadata may have been written by hand."""
    usual = TableInfo()
    known = {name: value for name, value in said.items() if name in TableInfo.__dataclass_fields__}
    for name, value in known.items():
        kind = type(getattr(usual, name))
        if not isinstance(value, kind):
            problem = f"its metadata says {name}: {json.dumps(value)}, which is no {_KINDS[kind]}"
            raise MapleError(path, problem, "make it again with `maple ingest`")
    return TableInfo(**known)


def _check_columns(schema: pa.Schema, path: Path) -> None:
    have = dict(zip(schema.names, schema.types, strict=True))
    for wanted in study_schema():
        if wanted.name not in have:
            raise MapleError(path, f"no column {wanted.name!r}", "make it again with `maple ingest`")
        if have[wanted.name] != wanted.type:
            raise MapleError(
                path,
                f"column {wanted.name!r} is {have[wanted.name]}, not {wanted.type}",
                "make it again with `maple ingest`",
            )
