"""The registry of methods: create by name, load from a folder."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.methods.base import Method

_REGISTRY = {
    "asg": "maple_lib.methods.asg:ASG",
    "convirt": "maple_lib.methods.convirt:ConVIRT",
    "gloria": "maple_lib.methods.gloria:GLoRIA",
    "lse_nl": "maple_lib.methods.lse_nl:LSENL",
    "maple": "maple_lib.methods.maple:MAPLE",
    "maple_joint": "maple_lib.methods.maple_joint:MapleJoint",
    "rra_vl": "maple_lib.methods.rra_vl:RRAVL",
}

__all__ = ["check_method", "create_method", "list_methods", "load_method", "method_class"]


def list_methods() -> list[str]:
    """Names of all methods."""
    return sorted(_REGISTRY)


def check_method(name: str) -> None:
    """Raise a MapleError that lists the methods, unless ``name`` is one."""
    if name not in _REGISTRY:
        raise MapleError(f"method {name!r}", "unknown method", f"use one of: {', '.join(list_methods())}")


def method_class(name: str) -> type[Method]:
    """The class of a method.

    Raises:
        MapleError: if there is no such method; the message lists those there are.
    """
    check_method(name)
    module, cls = _REGISTRY[name].split(":")
    loaded: type[Method] = getattr(importlib.import_module(module), cls)
    return loaded


def create_method(name: str, preset: str = "tiny", **overrides: Any) -> Method:
    """Build a method with fresh weights.

    Args:
        name: one of ``list_methods()``.
        preset: ``"tiny"``, ``"laptop"`` or ``"gpu"``.
        **overrides: any field of ``MethodConfig``.
    """
    from maple_lib.methods.config import method_config

    return method_class(name)(method_config(name, preset, **overrides))


def load_method(path: str | Path) -> Method:
    """Load a trained method.

    Args:
        path: a folder written by ``save_method`` or training; or a method's name, such as ``"asg"``, for the
            checkpoint that comes with the repository; or a hub name, ``"owner/name"``. A folder that exists
            goes before a name.

    Raises:
        MapleError: if it is none of them; the message names what can be done offline.
    """
    from maple_lib.methods.saving import read_method

    folder = Path(path)
    if folder.exists():
        return read_method(folder)
    if str(path) in _REGISTRY:
        from maple_lib.methods.shipped import find_shipped

        return read_method(find_shipped(str(path)))
    if _is_hub_name(str(path)):
        from maple_lib.methods.hub import fetch

        return read_method(fetch(str(path)))
    known = ", ".join(list_methods())
    raise MapleError(
        f"checkpoint {str(path)!r}",
        "no such folder",
        f"give a folder that `maple train` wrote, or the name of a shipped one: {known}",
    )


def _is_hub_name(name: str) -> bool:
    """``owner/name`` with no further slash, and nothing that only paths have."""
    owner, slash, rest = name.partition("/")
    return bool(slash and owner and rest) and "/" not in rest and not owner.startswith((".", "~"))
