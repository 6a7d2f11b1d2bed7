"""``--set name=value``: options of whatever a command calls."""

from __future__ import annotations

from typing import Any

from maple_lib.errors import MapleError


def read_setting(text: str) -> tuple[str, Any]:
    """The name and the value of an option: a number, a text, or a tuple.

    Raises:
        MapleError: if there is no ``=``, or the value cannot be read.

    Example:
        >>> read_setting("lr=1e-4"), read_setting("views=frontal")
        (('lr', 0.0001), ('views', 'frontal'))
    """
    name, sign, value = text.partition("=")
    if not sign:
        raise MapleError(f"--set {text}", "has no '='", "write --set name=value, e.g. --set lr=1e-4")
    import yaml

    try:
        return name, _number(yaml.safe_load(value))
    except yaml.YAMLError as error:
        raise MapleError(
            f"--set {text}", "the value cannot be read", "write a number, text or [a, b]"
        ) from error


def _number(value: Any) -> Any:
    """YAML reads 1e-4 as text; a setting means the number."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return tuple(value) if isinstance(value, list) else value
