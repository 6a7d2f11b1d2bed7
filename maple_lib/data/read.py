"""One door for every image: what kind a file is, its bytes say, not its name."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maple_lib.data.study import Image
from maple_lib.errors import MapleError

_FORMATS = "give a DICOM, PNG or JPEG image"
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
# Old files lack the preamble and begin with an element of group 0002 or 0008, of either byte order.
_BARE_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08")


def read_image(source: str | PathLike[str] | NDArray[Any]) -> Image:
    """Read a radiograph as a model needs it: shades of grey, bone bright.

    Args:
        source: a DICOM, PNG or JPEG file, known by its content whatever it is called; or a (H, W) array of
            integers (scaled by the bits they use) or of floats in [0, 1], already bone bright.

    Returns:
        An Image with pixels (H, W) float32 in [0, 1]. It carries the file's own name and nothing else that
        could identify anyone. A DICOM without window is stretched over the range of its values.

    Raises:
        MapleError: if there is no such file, or it does not hold one grey image that can be decoded. The
            message names the file, what is wrong with it, and what to do.

    Example:
        >>> read_image(np.array([[0, 255]], np.uint8)).pixels
        array([[0., 1.]], dtype=float32)
    """
    if isinstance(source, np.ndarray):
        return Image(_from_array(source), source="array")
    if not isinstance(source, (str, PathLike)):
        raise MapleError(f"a {type(source).__name__}", "not an image", "give a file's path or a (H, W) array")
    path = Path(source)
    kind = sniff(path)
    if kind == "dicom":
        return _read_dicom(path)
    from maple_lib.data.picture import read_picture

    return Image(read_picture(path), source=path.name)


def sniff(path: Path) -> str:
    """``"dicom"`` or ``"picture"``, from the first bytes.

    Raises:
        MapleError: if the file is missing, empty, a folder or something else.
    """
    head = _first_bytes(path)
    if head.startswith((_PNG, _JPEG)):
        return "picture"
    if head[128:132] == b"DICM" or _bare_dicom(head):
        return "dicom"
    if not head:
        raise MapleError(path, "an empty file", "copy it again")
    what = "a text file" if _is_text(head) else "not an image of a known kind"
    raise MapleError(path, what, _FORMATS)


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except FileNotFoundError:
        raise MapleError(path, "no such file", "check the path") from None
    except IsADirectoryError:
        raise MapleError(
            path, "a folder, not an image", "give a file, or use load_studies for a folder"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a path"
        raise MapleError(path, f"cannot be opened ({reason})", "check the path and its permissions") from None


def _bare_dicom(head: bytes) -> bool:
    """An element of group 0002 or 0008 with a low element number comes first."""
    return len(head) >= 16 and head[:2] in _BARE_GROUPS and (head[3] == 0 or head[2] == 0)


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)


def _read_dicom(path: Path) -> Image:
    from maple_lib.data.dicom import geometry
    from maple_lib.data.dicom.decode import stored_values
    from maple_lib.data.dicom.grey import to_grey
    from maple_lib.data.dicom.header import open_dicom, quiet

    dataset = open_dicom(path)
    stored = stored_values(dataset, path)
    with quiet():
        try:
            grey = to_grey(stored, dataset, path)
            pixels, mm = geometry.upright(grey, dataset, geometry.spacing(dataset))
            return Image(pixels, mm, geometry.view(dataset), path.name, geometry.flags(dataset))
        except MapleError:
            raise
        except Exception as error:  # pydicom parses values late, and raises then
            raise MapleError(
                path, f"a damaged DICOM header ({type(error).__name__})", "copy or export the file again"
            ) from None


def _from_array(values: NDArray[Any]) -> NDArray[np.float32]:
    if values.ndim != 2:
        raise MapleError(
            f"array of shape {values.shape}",
            "expected one grey image (H, W)",
            "pass one slice: array[0] or array[..., 0]",
        )
    if values.size == 0:
        raise MapleError(
            f"array of shape {values.shape}", "no pixels", "give at least one row and one column"
        )
    if values.dtype.kind in "iu":
        return _from_integers(values)
    if values.dtype.kind == "b":
        return values.astype(np.float32)
    return _from_floats(values)


def _from_integers(values: NDArray[Any]) -> NDArray[np.float32]:
    from maple_lib.data.picture import scale_integers

    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise MapleError(
            f"array of {values.dtype}", f"values from {low} to {high}", "scale it to [0, 1] as float"
        )
    return scale_integers(values)


def _from_floats(values: NDArray[Any]) -> NDArray[np.float32]:
    if values.dtype.kind != "f":
        raise MapleError(f"array of {values.dtype}", "not numbers", "give integers or floats in [0, 1]")
    if not np.isfinite(values).all():
        raise MapleError(
            f"array of {values.dtype}", "holds NaN or infinite values", "replace them: np.nan_to_num"
        )
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise MapleError(f"array of {values.dtype}", f"values from {low:g} to {high:g}", "scale it to [0, 1]")
    return values.astype(np.float32)
