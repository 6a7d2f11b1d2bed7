"""Refuse a malformed vocabulary file, and say which entry is wrong and how to mend it."""

from __future__ import annotations

from typing import Any

from maple_lib.errors import MapleError

_PLACE_LISTS = ("sides", "words", "plural", "right", "left", "both")
_FINDING_LISTS = ("words", "parents", "mesh", "imagenome", "kinds")
_ALLOWED = {
    "places": {*_PLACE_LISTS, "parent"},
    "findings": {*_FINDING_LISTS, "place", "bilateral", "mass", "chexpert", "nih"},
}
_TOP = {"places", "findings", "order", "asg"}


def check_file(raw: Any, source: str) -> None:
    """Check the form of one file.

    Raises:
        MapleError: if a key is unknown or a value has the wrong type; the message names file and entry.
    """
    if not isinstance(raw, dict) or not raw:
        raise MapleError(source, "expected a mapping with 'places' and/or 'findings'", "see regions.yaml")
    _check_keys(raw, _TOP, source)
    for part in ("places", "findings"):
        entries = raw.get(part, {})
        if not isinstance(entries, dict):
            raise MapleError(f"{source}: {part}", "expected names with their entries", "write 'name:' lines")
        for name, entry in entries.items():
            _check_entry(entry, part, f"{source}: {part}: {name}")


def _check_keys(entry: dict[str, Any], allowed: set[str], where: str) -> None:
    unknown = sorted(str(key) for key in entry if key not in allowed)
    if unknown:
        raise MapleError(where, f"unknown key {unknown[0]!r}", f"choose among {', '.join(sorted(allowed))}")


def _check_entry(entry: Any, part: str, where: str) -> None:
    if entry is None:
        return
    if not isinstance(entry, dict):
        raise MapleError(where, f"expected a mapping, got {entry!r}", "write e.g. 'words: [one, two]'")
    _check_keys(entry, _ALLOWED[part], where)
    for key in _PLACE_LISTS if part == "places" else _FINDING_LISTS:
        if not isinstance(entry.get(key, []), list):
            raise MapleError(
                f"{where}: {key}", f"expected a list, got {entry[key]!r}", f"write '{key}: [...]'"
            )
    for key in ("words", "plural", "right", "left", "both", "parents"):
        for word in entry.get(key, ()):
            _check_word(word, f"{where}: {key}")
    for kind in entry.get("kinds", ()):
        if not isinstance(kind, dict) or not {"place", "words"} <= kind.keys():
            raise MapleError(f"{where}: kinds", f"got {kind!r}", "give each kind a 'place' and 'words'")


def _check_word(word: Any, where: str) -> None:
    if not isinstance(word, str) or not word.strip():
        raise MapleError(
            where, f"expected words, got {word!r}", "quote it: YAML reads bare no, yes, 1 as values"
        )


def check_references(raw: dict[str, Any], source: str) -> None:
    """Check that every place and parent named is one that exists.

    Raises:
        MapleError: naming the entry and the unknown name.
    """
    places, findings = raw.get("places", {}), raw.get("findings", {})
    for name, entry in places.items():
        _known((entry or {}).get("parent"), places, f"{source}: places: {name}: parent")
        for side in (entry or {}).get("sides", ()):
            _known(side, {"right", "left"}, f"{source}: places: {name}: sides")
    for name, entry in findings.items():
        where = f"{source}: findings: {name}"
        _known((entry or {}).get("place"), places, f"{where}: place")
        for parent in (entry or {}).get("parents", ()):
            _known(parent, findings, f"{where}: parents")
        for kind in (entry or {}).get("kinds", ()):
            _known(kind["place"], places, f"{where}: kinds")


def _known(name: Any, known: Any, where: str) -> None:
    if name is not None and name not in known:
        raise MapleError(where, f"unknown name {name!r}", f"known: {', '.join(map(str, known))}")
