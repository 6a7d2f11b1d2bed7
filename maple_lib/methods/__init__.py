"""The registry of methods: create by name, load from a folder."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from maple_lib.errors import MapleError

if TYPE_CHECKING:
    from maple_lib.methods.base import Method

_REGISTRY = {
    "asg": "maple_lib.methods.asg:ASG",
    "maple_joint": "maple_lib.methods.maple_joint:MapleJoint",
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


def load_method(path: str) -> Method:
    """Load a trained method from a folder written by ``save_method`` or by training."""
    from maple_lib.methods.saving import read_method

    return read_method(path)
