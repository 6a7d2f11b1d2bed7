"""Studies without masks get some: what is given first, then a segmenter's, then an atlas's."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from maple_lib.anatomy.source import RegionEstimate
from maple_lib.anatomy.sources import anatomy_source, list_anatomy_sources
from maple_lib.data.study import BoolMask, Image, Study
from maple_lib.errors import MapleError
from maple_lib.vocabulary import REGIONS

GIVEN = "given"
CHAIN = (GIVEN, "segmenter", "atlas")
LATERAL = "not visible: a lateral view, and sources know frontal ones"
_NOT_GIVEN = "not visible: no mask is given"


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What a chain of sources found in one image: region name -> its estimate, and what nobody found."""

    by: Mapping[str, RegionEstimate]
    missing: Mapping[str, str]


class Completion:
    """A study and the sources it is completed from; they are asked when something not given is wanted.

    Args:
        study: as it was read.
        sources: names, in the order in which they are asked.
        threshold: regions of less confidence are left to the next source.
        names: regions that are wanted.
    """

    def __init__(
        self, study: Study, sources: tuple[str, ...], threshold: float, names: tuple[str, ...]
    ) -> None:
        self.study, self.sources, self.threshold, self.names = study, sources, threshold, names
        self.given = [name for name in study.regions if self._is_given(name)] if GIVEN in sources else []
        self.open = [name for name in names if name not in self.given]

    @cached_property
    def found(self) -> Found:
        """What the sources found; asked once."""
        return ask([self])[0]

    @property
    def all(self) -> list[str]:
        """Names of all regions there are: the given ones, then those found."""
        return self.given + ([name for name in self.open if name in self.found.by] if self.open else [])

    def _is_given(self, name: str) -> bool:
        return self.study.region_confidence.get(name, 1.0) >= self.threshold


class CompletedRegions(Mapping[str, BoolMask]):
    """Region name -> (H, W) bool mask; given ones at once, others when a source has been asked.

    Attributes:
        missing: region name -> why nobody found it.
    """

    def __init__(self, completion: Completion) -> None:
        self._completion = completion

    @property
    def missing(self) -> Mapping[str, str]:
        """Region name -> why it has no mask."""
        return self._completion.found.missing if self._completion.open else {}

    def __getitem__(self, name: str) -> BoolMask:
        completion = self._completion
        if name in completion.given:
            return completion.study.regions[name]
        if name not in completion.open or name not in completion.found.by:
            raise KeyError(name)
        return completion.found.by[name].masks[name]

    def __contains__(self, name: object) -> bool:
        completion = self._completion
        return name in completion.given or (name in completion.open and name in completion.found.by)

    def __iter__(self) -> Iterator[str]:
        return iter(self._completion.all)

    def __len__(self) -> int:
        return len(self._completion.all)


class _Said(Mapping[str, Any]):
    """Region name -> what is known of it, told when it is asked for."""

    def __init__(self, completion: Completion) -> None:
        self._completion = completion

    def __iter__(self) -> Iterator[str]:
        return iter(self._completion.all)

    def __len__(self) -> int:
        return len(self._completion.all)

    def __getitem__(self, name: str) -> Any:
        if name in self._completion.given:
            return self._of_given(self._completion.study, name)
        if name not in self._completion.open:
            raise KeyError(name)
        return self._of_found(self._completion.found.by[name], name)

    @abstractmethod
    def _of_given(self, study: Study, name: str) -> Any: ...

    @abstractmethod
    def _of_found(self, estimate: RegionEstimate, name: str) -> Any: ...


class _Sources(_Said):
    def _of_given(self, study: Study, name: str) -> str:
        return study.region_sources.get(name, GIVEN)

    def _of_found(self, estimate: RegionEstimate, name: str) -> str:
        return estimate.source


class _Confidence(_Said):
    def _of_given(self, study: Study, name: str) -> float:
        return study.region_confidence.get(name, 1.0)

    def _of_found(self, estimate: RegionEstimate, name: str) -> float:
        return estimate.confidence[name]


def complete_regions(
    study: Study,
    sources: Sequence[str] = CHAIN,
    threshold: float = 0.3,
    names: Sequence[str] = REGIONS,
) -> Study:
    """The same study with masks of the regions that it lacks.

    Pixels are read when a mask that is not given is asked for, never before. Given masks stay as they are.

    Args:
        study: with or without regions.
        sources: ``"given"`` and names of ``anatomy.list_anatomy_sources()``, in the order in which they are
            asked; each later one only for what the earlier ones lack. Without ``"given"`` what the study has
            is left aside.
        threshold: least confidence, in [0, 1], with which a mask is taken; the sources themselves leave out
            what is below 0.3.
        names: regions that are wanted.

    Returns:
        A study whose ``regions``, ``region_sources`` and ``region_confidence`` hold all that was found.
        ``regions.missing`` says of each other region why it is not there.

    Raises:
        MapleError: if there is no such source, or the threshold is out of range.

    Example:
        >>> study = complete_regions(study)  # doctest: +SKIP
        >>> study.region_sources["left lung"]  # doctest: +SKIP
        'segmenter'
    """
    _check(sources, threshold)
    return _completed(Completion(study, tuple(sources), threshold, tuple(names)))


def complete_many(
    studies: Sequence[Study],
    sources: Sequence[str] = CHAIN,
    threshold: float = 0.3,
    names: Sequence[str] = REGIONS,
) -> list[Study]:
    """The same for several studies at once, and at once: images go through the network together."""
    _check(sources, threshold)
    completions = [Completion(study, tuple(sources), threshold, tuple(names)) for study in studies]
    for completion, found in zip(completions, ask(completions), strict=True):
        completion.__dict__["found"] = found  # where cached_property looks first
    return [_completed(completion) for completion in completions]


def _completed(completion: Completion) -> Study:
    study = completion.study
    other = partial(_other_view, completion) if study.other_view else None
    return replace(
        study,
        load_image=partial(_image_of, study),
        regions=CompletedRegions(completion),
        region_sources=_Sources(completion),
        region_confidence=_Confidence(completion),
        other_view=other,
    )


def _image_of(study: Study) -> Image:
    return study.image


def _other_view(completion: Completion, image_id: str) -> Study:
    other = completion.study.at(image_id)
    return complete_regions(other, completion.sources, completion.threshold, completion.names)


def ask(completions: Sequence[Completion]) -> list[Found]:
    """Ask the sources for what several studies lack: each source once, with all images that still need it."""
    by: list[dict[str, RegionEstimate]] = [{} for _ in completions]
    missing = [dict.fromkeys(c.open, LATERAL if _is_lateral(c.study) else _NOT_GIVEN) for c in completions]
    for name in completions[0].sources if completions else ():
        needy = [i for i, c in enumerate(completions) if missing[i] and not _is_lateral(c.study)]
        if name == GIVEN or not needy:
            continue
        estimates = anatomy_source(name).regions_many([completions[i].study.image.pixels for i in needy])
        for i, estimate in zip(needy, estimates, strict=True):
            _take(estimate, completions[i].threshold, by[i], missing[i])
    return [Found(*pair) for pair in zip(by, missing, strict=True)]


def _take(
    estimate: RegionEstimate, threshold: float, by: dict[str, RegionEstimate], missing: dict[str, str]
) -> None:
    for name in list(missing):
        sure = estimate.confidence.get(name)
        if sure is None:
            missing[name] = f"{estimate.missing.get(name, 'not visible')} ({estimate.source})"
        elif sure < threshold:
            missing[name] = f"not visible: confidence {sure:.2f} is below {threshold:.2f} ({estimate.source})"
        else:
            by[name] = estimate
            del missing[name]


def _is_lateral(study: Study) -> bool:
    """Whether the first image is known to be a lateral one, without reading it where the table says so."""
    said = study.images[0].view if study.images else None
    return (said or study.image.view) == "LATERAL"


def _check(sources: Sequence[str], threshold: float) -> None:
    if isinstance(sources, str):
        raise MapleError(f"sources {sources!r}", "a text, not a list of names", f"give {(sources,)!r}")
    for name in sources:
        if name not in (GIVEN, *list_anatomy_sources()):
            known = ", ".join((GIVEN, *list_anatomy_sources()))
            raise MapleError(f"anatomy source {name!r}", "no such source", f"give some of: {known}")
    if not 0 <= threshold <= 1:
        raise MapleError(f"threshold {threshold}", "not in [0, 1]", "give a confidence, e.g. 0.3")
