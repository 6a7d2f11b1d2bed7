"""Fields of a configuration given by name: each known, each of its kind, or one clear error."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Union, get_args, get_origin, get_type_hints

from maple_lib.errors import MapleError


def check_names(names: Collection[str], known: Collection[str], of: str) -> None:
    """Raise a MapleError that names the first field there is none of, and those that are close to it."""
    for name in sorted(set(names) - set(known)):
        close = get_close_matches(name, sorted(known), 5, 0.65) or sorted(known)
        raise MapleError(f"field {name!r}", f"{of} has none", f"it has: {', '.join(close)}")


def checked(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the fields of a dataclass want them: lists as tuples, 2.0 as 2 where it is a count.

    Raises:
        MapleError: if a field is unknown, or a value is not of its kind; the message names both.
    """
    check_names(values.keys(), [f.name for f in fields(kind)], kind.__name__)
    hints = get_type_hints(kind)
    return {name: _fitting(name, value, hints[name]) for name, value in values.items()}


def _fitting(name: str, value: Any, hint: Any) -> Any:
    for choice in _choices(hint):
        origin = get_origin(choice) or choice
        if origin is Any or is_dataclass(choice):
            return value
        if origin is tuple and isinstance(value, (list, tuple)):
            return tuple(value)
        if origin is int and isinstance(value, float) and value.is_integer():
            return int(value)
        if origin is float and isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, origin) and (origin is bool or not isinstance(value, bool)):
            return value
    kinds = " or ".join(_said(choice) for choice in _choices(hint))
    raise MapleError(f"{name}={value!r}", f"is not {kinds}", "give another value")


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _said(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "text", bool: "true or false", tuple: "a list"}
    names |= {dict: "a mapping", type(None): "nothing"}
    return names.get(get_origin(kind) or kind, str(kind))
