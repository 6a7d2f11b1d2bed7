"""Read the vocabulary's YAML files, check them, and build the typed objects."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from maple_lib.errors import MapleError
from maple_lib.vocabulary.checks import check_file, check_references
from maple_lib.vocabulary.types import Finding, Place, Region, Vocabulary

# The C loader reads the files ten times faster; some builds of PyYAML lack it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ASG_COUNT = 40
Raw = dict[str, Any]


def load_vocabulary(extra: str | Path | None = None, base: str = "chest") -> Vocabulary:
    """The vocabulary, with a reader's own words if wanted.

    Args:
        extra: a YAML file with ``places`` and/or ``findings`` in the form of ``regions.yaml`` and
            ``findings.yaml``. Words of a known place or finding are added to it; new names are new entries.
        base: ``"chest"`` (radiographs) or ``"cardiac_ct"`` (MApLe's four findings, English and German).

    Raises:
        MapleError: if a file is missing or malformed; the message names the file, the entry and the remedy.

    Example:
        >>> load_vocabulary().findings["consolidation"].parents
        ('opacity',)
    """
    raw = _base(base)
    if extra is None:
        return _built(base)
    return _build(_merge(raw, read_yaml(extra)), str(extra))


@cache
def _built(base: str) -> Vocabulary:
    return _build(_base(base), base)


@cache
def _base(base: str) -> Raw:
    names = {"chest": ("regions.yaml", "findings.yaml"), "cardiac_ct": ("cardiac_ct.yaml",)}.get(base)
    if names is None:
        raise MapleError(f"base={base!r}", "no such vocabulary", "choose 'chest' or 'cardiac_ct'")
    raw: Raw = {}
    for name in names:
        raw |= _checked(files(__package__).joinpath(name).read_text(encoding="utf-8"), name)
    return raw


def read_yaml(path: str | Path) -> Raw:
    """Read and check one vocabulary file of a user."""
    path = Path(path)
    if not path.is_file():
        raise MapleError(path, "no such file", "give the path of a vocabulary YAML file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MapleError(path, "not UTF-8 text", "save it as UTF-8") from error
    return _checked(text, str(path))


def _checked(text: str, source: str) -> Raw:
    try:
        raw = yaml.load(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise MapleError(source, f"not valid YAML ({error})", "check its indentation and quotes") from error
    check_file(raw, source)
    return raw


def _merge(base: Raw, extra: Raw) -> Raw:
    """The base with the entries of ``extra`` added; lists grow, other values are replaced."""
    merged: Raw = {key: value for key, value in base.items() if key not in ("places", "findings")}
    for part in ("places", "findings"):
        entries = {name: dict(entry) for name, entry in base[part].items()}
        for name, entry in extra.get(part, {}).items():
            entries[name] = _merge_entry(entries.get(name, {}), entry or {})
        merged[part] = entries
    return merged


def _merge_entry(old: Raw, new: Raw) -> Raw:
    merged = dict(old)
    for key, value in new.items():
        merged[key] = [*merged.get(key, ()), *value] if isinstance(value, list) else value
    return merged


def _build(raw: Raw, source: str) -> Vocabulary:
    check_references(raw, source)
    places = {name: _place(name, entry or {}) for name, entry in raw["places"].items()}
    regions = _regions(places, raw.get("order", ()))
    findings = {
        name: _finding(name, entry or {}, places, index if index < _ASG_COUNT and "asg" in raw else None)
        for index, (name, entry) in enumerate(raw["findings"].items())
    }
    return Vocabulary(places, regions, findings, tuple(raw.get("asg", ())))


def _lower(words: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(word).lower() for word in words or ()))


def _place(name: str, entry: Raw) -> Place:
    forms = {key: _lower(entry.get(key)) for key in ("words", "plural", "right", "left", "both")}
    forms["words"] = _lower((name, *forms["words"]))
    return Place(name, tuple(entry.get("sides", ())), entry.get("parent"), **forms)


def _regions(places: Mapping[str, Place], order: Any) -> dict[str, Region]:
    """All regions, those of ``order`` first and in that order."""
    made = {}
    for place in places.values():
        for side in place.sides or (None,):
            region = place.region(side) if side else place.name
            made[region] = Region(
                region, place.name, side, _parent(place, side, places), _synonyms(place, side)
            )
    return {name: made[name] for name in dict.fromkeys((*order, *made))}


def _parent(place: Place, side: Any, places: Mapping[str, Place]) -> str | None:
    return None if place.parent is None else places[place.parent].region(side or "right")


def _synonyms(place: Place, side: str | None) -> tuple[str, ...]:
    if side is None:
        return tuple(word for word in place.words if word != place.name)
    own = place.right if side == "right" else place.left
    return _lower((*(f"{side} {word}" for word in place.words), *own))


def plural_forms(word: str) -> tuple[str, ...]:
    """``"nodule+"`` -> ``("nodule", "nodules")``; a word without ``+`` stands for itself."""
    return (word[:-1], word[:-1] + "s") if word.endswith("+") else (word,)


def _forms(words: Any) -> tuple[str, ...]:
    return tuple(form for word in _lower(words) for form in plural_forms(word))


def _finding(name: str, entry: Raw, places: Mapping[str, Place], asg: int | None) -> Finding:
    place = entry.get("place")
    kinds = {form: kind["place"] for kind in entry.get("kinds", ()) for form in _forms(kind["words"])}
    return Finding(
        name=name,
        synonyms=_lower((name, *_forms(entry.get("words")), *kinds)),
        parents=tuple(entry.get("parents", ())),
        place=place,
        default_regions=places[place].regions if place else (),
        bilateral_by_nature=bool(entry.get("bilateral", False)),
        mass_noun=bool(entry.get("mass", False)),
        kinds=kinds,
        asg=asg,
        chexpert=entry.get("chexpert"),
        nih=entry.get("nih"),
        mesh=tuple(entry.get("mesh", ())),
        imagenome=tuple(entry.get("imagenome", ())),
    )
