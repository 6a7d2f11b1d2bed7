"""Stored values of a DICOM image, whatever its compression."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from maple_lib.data.dicom.codestream import JPEG, JPEG2000, stream_shape
from maple_lib.data.dicom.header import quiet
from maple_lib.data.dicom.jpeg import EXTENDED, LOSSLESS, LS, decode_jpeg, decode_jpeg_ls
from maple_lib.data.dicom.jpeg2000 import decode_jpeg2000
from maple_lib.data.dicom.run_length import decode_run_length
from maple_lib.data.dicom.syntax import named, transfer_syntax
from maple_lib.errors import MapleError

_COPY = "copy or export the file again"
_CONVERT = "convert it to Explicit VR Little Endian or JPEG 2000 with your archive's export"
_OPENJPEG = "pip install pylibjpeg-openjpeg (MIT)"
_IMAGECODECS = (
    "pip install imagecodecs (BSD); pylibjpeg-libjpeg decodes it too, under the GPL: your own choice"
)
# Transfer syntax -> the module that decodes it and the function that calls it. Whatever else is installed,
# the same file gives the same pixels; without the module, pydicom asks what there is.
_OURS: dict[str, tuple[str, Callable[[bytes, Any], NDArray[Any]]]] = {
    **dict.fromkeys(JPEG2000, ("openjpeg", decode_jpeg2000)),
    **dict.fromkeys({EXTENDED, *LOSSLESS}, ("imagecodecs", decode_jpeg)),
    **dict.fromkeys(LS, ("imagecodecs", decode_jpeg_ls)),
    "1.2.840.10008.1.2.5": ("rle", decode_run_length),
}
_PLUGINS = {"1.2.840.10008.1.2.4.50": "pillow"}  # of pydicom's decoders, the one to ask


def stored_values(dataset: Any, path: Path) -> NDArray[Any]:
    """Decode the pixels exactly as stored.

    Args:
        dataset: what ``open_dicom`` returned. Its PixelData is taken out: one copy in memory is enough.
        path: named in errors.

    Returns:
        (H, W) integers of the stored width, signed where the file says so.

    Raises:
        MapleError: naming the transfer syntax and the package that decodes it, or the damage.
    """
    syntax = transfer_syntax(dataset)
    with quiet():
        decoder = _decoder(syntax, path)
        try:
            values = _decoded(dataset, decoder, str(syntax), path)
        except MapleError:
            raise
        except Exception:  # every decoder has its own kinds, and its text may quote the file
            problem = f"pixels cannot be decoded (transfer syntax {named(syntax)}): damaged or cut short"
            raise MapleError(path, problem, _COPY) from None
    dataset.pop("PixelData", None)
    _check_shape(values.shape, dataset, path)
    return values


def _decoder(syntax: Any, path: Path) -> Any:
    from pydicom.pixels import get_decoder

    try:
        decoder = get_decoder(syntax)
    except NotImplementedError:
        raise MapleError(path, f"transfer syntax {named(syntax)} is not supported", _CONVERT) from None
    if not _ours(str(syntax)) and not _available(decoder, str(syntax)):
        remedy = _OPENJPEG if syntax in JPEG2000 else _IMAGECODECS
        raise MapleError(path, f"no decoder installed for transfer syntax {named(syntax)}", remedy)
    return decoder


def _ours(syntax: str) -> bool:
    return syntax in _OURS and find_spec(_OURS[syntax][0]) is not None


def _available(decoder: Any, syntax: str) -> bool:
    if syntax != EXTENDED:
        return bool(decoder.is_available)
    return any(name != "pillow" for name in decoder.available_plugins)  # Pillow knows 8 bits of its 12


def _decoded(dataset: Any, decoder: Any, syntax: str, path: Path) -> NDArray[Any]:
    if syntax in JPEG | JPEG2000 or (syntax in _OURS and int(dataset.BitsAllocated) >= 8):
        frame = _frame(dataset)
        _check_stream(frame, syntax, dataset, path)
        if _ours(syntax):
            dataset.pop("PixelData")
            return _OURS[syntax][1](frame, dataset)
    plugin = _PLUGINS.get(syntax, "")
    values: NDArray[Any] = decoder.as_array(
        dataset, raw=True, index=0, view_only=True, decoding_plugin=plugin
    )[0]
    return values


def _frame(dataset: Any) -> bytes:
    from pydicom.encaps import get_frame

    return get_frame(dataset.PixelData, 0, number_of_frames=1)


def _check_stream(frame: bytes, syntax: str, dataset: Any, path: Path) -> None:
    shape = stream_shape(frame, syntax)
    if shape is not None:
        rows, columns, channels = shape
        _check_shape((rows, columns) if channels == 1 else shape, dataset, path)


def _check_shape(shape: tuple[int, ...], dataset: Any, path: Path) -> None:
    expected = (int(dataset.Rows), int(dataset.Columns))
    if shape != expected:
        raise MapleError(path, f"header says {expected} pixels, data hold {shape}", _COPY)
