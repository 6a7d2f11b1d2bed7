"""Stored values of a DICOM image, whatever its compression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.dicom.header import MAX_PIXELS, quiet
from maple_lib.data.dicom.run_length import decode_run_length
from maple_lib.errors import MapleError

# Decoders that come with this package cover the rest; these are what the others need.
_GPL = "pylibjpeg-libjpeg decodes it too, under the GPL: your own choice"
_ONLY_GPL = (
    "convert it with your archive's export to Explicit VR Little Endian; "
    "pylibjpeg-libjpeg decodes it, under the GPL: your own choice"
)
REMEDIES = {
    "1.2.840.10008.1.2.4.51": _ONLY_GPL,
    "1.2.840.10008.1.2.4.57": f"pip install python-gdcm (BSD); {_GPL}",
    "1.2.840.10008.1.2.4.70": f"pip install python-gdcm (BSD); {_GPL}",
    "1.2.840.10008.1.2.4.80": "pip install pyjpegls (MIT)",
    "1.2.840.10008.1.2.4.81": "pip install pyjpegls (MIT)",
    "1.2.840.10008.1.2.4.90": "pip install pylibjpeg-openjpeg (MIT)",
    "1.2.840.10008.1.2.4.91": "pip install pylibjpeg-openjpeg (MIT)",
    "1.2.840.10008.1.2.4.201": "pip install pylibjpeg-openjpeg (MIT)",
    "1.2.840.10008.1.2.4.202": "pip install pylibjpeg-openjpeg (MIT)",
    "1.2.840.10008.1.2.4.203": "pip install pylibjpeg-openjpeg (MIT)",
}
_OTHER = "convert it to Explicit VR Little Endian or JPEG 2000 with your archive's export"
_JPEG2000 = {f"1.2.840.10008.1.2.4.{n}" for n in (90, 91, 201, 202, 203)}
_RUN_LENGTH = "1.2.840.10008.1.2.5"
_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"


def stored_values(dataset: Any, path: Path) -> NDArray[Any]:
    """Decode the pixels exactly as stored.

    Args:
        dataset: what ``open_dicom`` returned.
        path: named in errors.

    Returns:
        (H, W) integers of the stored width, signed where the file says so.

    Raises:
        MapleError: naming the transfer syntax and the package that decodes it, or the damage.
    """
    syntax = dataset.file_meta.get("TransferSyntaxUID") if hasattr(dataset, "file_meta") else None
    with quiet():
        decoder = _decoder(syntax or dataset.original_encoding, path)
        _check_codestream(dataset, str(syntax), path)
        try:
            values = _decoded(dataset, decoder, str(syntax))
        except Exception as error:  # every decoder has its own kinds
            raise _decoding_error(error, syntax, path) from None
    return _one_plane(values, dataset, path)


def _decoded(dataset: Any, decoder: Any, syntax: str) -> NDArray[Any]:
    if syntax == _RUN_LENGTH and int(dataset.BitsAllocated) >= 8:
        return decode_run_length(dataset)
    values: NDArray[Any] = decoder.as_array(dataset, raw=True, index=0, view_only=True)[0]
    return values


def _decoder(syntax: Any, path: Path) -> Any:
    from pydicom.pixels import get_decoder
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    if isinstance(syntax, tuple):  # no file meta: pydicom's guess as (implicit, little endian)
        implicit, little = syntax
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        syntax = ImplicitVRLittleEndian if implicit else explicit
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise MapleError(path, f"transfer syntax {_name(syntax)} is not supported", _OTHER) from None
    if not decoder.is_available:
        remedy = REMEDIES.get(str(syntax), _OTHER)
        raise MapleError(path, f"no decoder installed for transfer syntax {_name(syntax)}", remedy)
    return decoder


def _name(syntax: Any) -> str:
    name = getattr(syntax, "name", str(syntax))
    return name if name == str(syntax) else f"{name} ({syntax})"


def _check_codestream(dataset: Any, syntax: str, path: Path) -> None:
    """Refuse a JPEG 2000 stream larger than its header says: decoders allocate what the stream claims."""
    if syntax not in _JPEG2000:
        return
    at = dataset.PixelData.find(b"\xff\x4f\xff\x51", 0, 65536)
    size = np.frombuffer(dataset.PixelData[at + 8 : at + 16], ">u4") if at >= 0 else np.zeros(2, ">u4")
    if len(size) < 2 or int(size[0]) * int(size[1]) not in range(1, MAX_PIXELS + 1):
        raise MapleError(path, "a damaged JPEG 2000 stream", "copy or export the file again")


def _decoding_error(error: Exception, syntax: Any, path: Path) -> MapleError:
    """Say what failed without quoting the library, whose text may quote the file."""
    if syntax == _JPEG_EXTENDED and "12-bit" in str(error):
        problem = f"12-bit pixels in transfer syntax {_name(syntax)} need another decoder"
        return MapleError(path, problem, REMEDIES[_JPEG_EXTENDED])
    problem = f"pixels cannot be decoded (transfer syntax {_name(syntax)}): damaged or cut short"
    return MapleError(path, problem, "copy or export the file again")


def _one_plane(values: NDArray[Any], dataset: Any, path: Path) -> NDArray[Any]:
    expected = (int(dataset.Rows), int(dataset.Columns))
    if values.shape != expected:
        raise MapleError(
            path, f"header says {expected} pixels, data hold {values.shape}", "copy or export the file again"
        )
    return values
