"""New identifiers for a de-identified file: keyed digests of the old ones."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Any

_IDENTITY = ("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "PatientID")
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_EMPTY = (
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "ReferringPhysicianName",
    "StudyID",
)
METHOD = "MApLe Lab: image elements of an allow-list, pixels stored anew"


def add_identity(copy: Any, path: Path, secret: str | None) -> None:
    """Write identifiers that nobody can work out from the old ones without the secret.

    Args:
        copy: the new dataset.
        path: the original file; its identifiers are read here and go no farther.
        secret: links the files of a study and a patient; None draws a key for this file alone.
    """
    import pydicom
    from pydicom.uid import UID

    old = pydicom.dcmread(path, force=True, specific_tags=list(_IDENTITY), stop_before_pixels=True)
    key = secret.encode() if secret is not None else secrets.token_bytes(32)
    kind = UID(str(old.get("SOPClassUID") or ""))
    copy.SOPClassUID = kind if kind.type == "SOP Class" else _SECONDARY_CAPTURE
    for name in _IDENTITY[1:4]:
        setattr(copy, name, f"2.25.{_digest(key, name, old) >> 128}")
    copy.PatientID = f"{_digest(key, 'PatientID', old) >> 192:016x}" if secret is not None else ""
    for name in _EMPTY:  # the standard asks for these, if only empty
        setattr(copy, name, "")
    copy.PatientIdentityRemoved, copy.DeidentificationMethod = "YES", METHOD


def _digest(key: bytes, name: str, old: Any) -> int:
    """256 bits; identifiers that are missing are not the same one."""
    value = str(old.get(name) or secrets.token_hex(32))
    return int.from_bytes(hmac.digest(key, f"{name}\0{value}".encode(), hashlib.sha256))
