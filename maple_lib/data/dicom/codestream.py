"""What a compressed stream says of its own size, read before any decoder believes it.

Decoders allocate what the stream claims. A damaged stream may claim 65,535 x 65,535 pixels, or 16,384
channels: it is refused here, where that costs nothing.

Source: ISO/IEC 15444-1 A.5.1 (JPEG 2000, SIZ); ISO/IEC 10918-1 B.2.2 and 14495-1 C.2.2 (JPEG, SOF).
"""

from __future__ import annotations

import struct

JPEG2000 = {f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203)}
JPEG = {f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 57, 70, 80, 81)}
_SIZ = b"\xff\x4f\xff\x51"
# Start-of-frame markers of JPEG (C4, C8 and CC mean other things) and of JPEG-LS.
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length


def stream_shape(stream: bytes, syntax: str) -> tuple[int, int, int] | None:
    """(rows, columns, channels) that a compressed frame claims.

    Args:
        stream: the frame's bytes.
        syntax: the transfer syntax UID.

    Returns:
        None for a transfer syntax whose stream says nothing of its size.

    Raises:
        ValueError: if the stream has no such statement.
    """
    if syntax in JPEG2000:
        return _jpeg2000_shape(stream)
    return _jpeg_shape(stream) if syntax in JPEG else None


def _jpeg2000_shape(stream: bytes) -> tuple[int, int, int]:
    at = stream.find(_SIZ, 0, 65536)
    if at < 0 or len(stream) < at + 42:
        raise ValueError("no image size in the stream")
    width, height, left, top = struct.unpack_from(">4I", stream, at + 8)
    (channels,) = struct.unpack_from(">H", stream, at + 40)
    return height - top, width - left, channels


def jpeg2000_precision(stream: bytes) -> int:
    """Bits a pixel of the first channel, 1 to 38.

    Raises:
        ValueError: if the stream has no such statement.
    """
    at = stream.find(_SIZ, 0, 65536)
    if at < 0 or len(stream) < at + 43:
        raise ValueError("no precision in the stream")
    return (stream[at + 42] & 0x7F) + 1


def _jpeg_shape(stream: bytes) -> tuple[int, int, int]:
    """Walk from marker to marker to the start of the frame."""
    at = 2
    while at + 10 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker in _FRAMES:
            rows, columns, channels = struct.unpack_from(">HHB", stream, at + 5)
            return rows, columns, channels
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + struct.unpack_from(">H", stream, at + 2)[0]
    raise ValueError("no frame in the stream")
