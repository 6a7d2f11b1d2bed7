"""Which transfer syntax a file is in, and how to say so."""

from __future__ import annotations

from typing import Any


def transfer_syntax(dataset: Any) -> Any:
    """The transfer syntax UID: as stated, else as pydicom guessed it from the first elements."""
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    stated = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    if stated:
        return stated
    implicit, little = dataset.original_encoding
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else explicit


def named(syntax: Any) -> str:
    """``"RLE Lossless (1.2.840.10008.1.2.5)"``, or the UID alone where it has no name."""
    uid = str(syntax)
    if set(uid) - set("0123456789."):
        return "(not a UID)"  # whatever stands there, it is not repeated
    name = getattr(syntax, "name", uid)
    return uid if name == uid else f"{name} ({uid})"
