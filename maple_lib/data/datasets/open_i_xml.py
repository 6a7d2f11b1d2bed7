"""Open-i's reports as XML, one file a report.

``ecgen-radiology/<number>.xml``: ``uId id="CXR<number>"``, ``AbstractText`` with the labels COMPARISON,
INDICATION, FINDINGS and IMPRESSION, ``MeSH/major`` (coded by people) and ``MeSH/automatic`` (found by a
program, not used), ``parentImage id`` for each image, with a ``caption`` that often says both views at
once. Known from several public programs that read the official files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from maple_lib.errors import MapleError

_NAMED_VIEWS = {"pa": "PA", "ap": "AP", "lateral": "LATERAL"}


@dataclass(frozen=True, slots=True)
class Report:
    """One report, from either of the two downloads.

    Attributes:
        uid: ``"CXR1"``.
        sections: heading in small letters -> text.
        codes: of people, as they stand.
        images: (file name, view or None).
    """

    uid: str
    sections: dict[str, str]
    codes: tuple[str, ...]
    images: tuple[tuple[str, str | None], ...]


def read_report(path: Path) -> Report:
    """Read one file.

    Raises:
        MapleError: if it is cut off, or no report of Open-i.
    """
    try:
        tree = ElementTree.fromstring(path.read_bytes())
    except (ElementTree.ParseError, OSError) as error:
        raise MapleError(path, f"damaged XML ({error})", "unpack NLMCXR_reports.tgz again") from None
    number = tree.find("uId")
    if number is None or not number.get("id"):
        raise MapleError(path, "no uId", "compare it with the official NLMCXR_reports.tgz of Open-i")
    texts = {str(item.get("Label")).lower(): (item.text or "").strip() for item in tree.iter("AbstractText")}
    codes = tuple((item.text or "").strip() for item in tree.iterfind(".//MeSH/major"))
    return Report(str(number.get("id")), texts, codes, tuple(map(_image, tree.iter("parentImage"))))


def _image(item: ElementTree.Element) -> tuple[str, str | None]:
    return f"{item.get('id')}.png", _view(item.findtext("caption") or "")


def _view(caption: str) -> str | None:
    """The view that a caption names, None where it names none, or several ("PA and lateral")."""
    named = {_NAMED_VIEWS[word] for word in re.findall(r"[a-z]+", caption.lower()) if word in _NAMED_VIEWS}
    return named.pop() if len(named) == 1 else None
