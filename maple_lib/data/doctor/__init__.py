"""The doctor: what is wrong with a corpus, why it matters, and what to do, before a model learns from it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maple_lib.data.doctor.diagnosis import Case as Case
    from maple_lib.data.doctor.diagnosis import Complaint as Complaint
    from maple_lib.data.doctor.diagnosis import Diagnosis as Diagnosis
    from maple_lib.data.doctor.examining import examine as examine
    from maple_lib.data.doctor.fixing import fix as fix

_HOMES = {
    "Case": "diagnosis",
    "Complaint": "diagnosis",
    "Diagnosis": "diagnosis",
    "examine": "examining",
    "fix": "fixing",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name when it is first used: the checks bring pandas with them."""
    if name in _HOMES:
        return getattr(import_module(f"maple_lib.data.doctor.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
