"""The ensembles of ``prompts.yaml``: sentences that say a finding is there, and sentences that deny it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any

from maple_lib.errors import MapleError
from maple_lib.vocabulary.phrasing import with_article

Combination = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PromptEnsemble:
    """Sentences that ask for findings.

    Attributes:
        name: its name in ``prompts.yaml``.
        source: where the sentences come from.
        findings: what it is asked for unless somebody says otherwise.
        present, absent: sentences with the places ``{a}`` and ``{it}`` for the finding.
        words: finding -> how sentences call it, where that is not its name.
        classes: finding -> lists of words, of which every combination is a sentence; nothing is said absent.
    """

    name: str
    source: str
    findings: tuple[str, ...]
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, Combination] = field(default_factory=dict)

    def positive(self, finding: str) -> tuple[str, ...]:
        """The sentences that say that the finding is there.

        Raises:
            MapleError: if the ensemble has no words for it.
        """
        self._check(finding)
        if finding in self.classes:
            combined = product(*self.classes[finding])
            return tuple(dict.fromkeys(" ".join(word for word in words if word) for words in combined))
        return self._fill(self.present, finding)

    def negative(self, finding: str) -> tuple[str, ...]:
        """The sentences that say that it is not there.

        Raises:
            MapleError: if the ensemble has none, as those that tell classes from each other.
        """
        self._check(finding)
        if not self.absent:
            raise MapleError(f"prompts {self.name!r}", "deny nothing", "use them with kind 'multiclass'")
        return self._fill(self.absent, finding)

    def _fill(self, templates: tuple[str, ...], finding: str) -> tuple[str, ...]:
        noun = self.words.get(finding, finding)
        said = (template.format(a=with_article(finding, noun), it=noun) for template in templates)
        return tuple(sentence[0].upper() + sentence[1:] for sentence in said)

    def _check(self, finding: str) -> None:
        anything = all("{" in template for template in (*self.present, *self.absent)) and not self.classes
        if finding not in self.findings and not anything:
            known = ", ".join(self.findings)
            raise MapleError(
                f"prompts {self.name!r}", f"have no words for {finding!r}", f"they ask for: {known}"
            )


def prompt_ensemble(name: str) -> PromptEnsemble:
    """An ensemble by name.

    Raises:
        MapleError: if there is none of that name; the message lists them.
    """
    known = _read()
    if name not in known:
        raise MapleError(f"prompts {name!r}", "unknown", f"choose one of: {', '.join(known)}")
    return known[name]


def list_prompt_ensembles() -> tuple[str, ...]:
    """The names of all ensembles."""
    return tuple(_read())


@lru_cache(maxsize=1)
def _read() -> dict[str, PromptEnsemble]:
    import yaml

    text = (files("maple_lib.evaluation.zero_shot") / "prompts.yaml").read_text(encoding="utf-8")
    return {name: _build(name, entry) for name, entry in yaml.safe_load(text).items()}


def _build(name: str, entry: Mapping[str, Any]) -> PromptEnsemble:
    classes = {k: tuple(tuple(words) for words in lists) for k, lists in entry.get("classes", {}).items()}
    return PromptEnsemble(
        name,
        entry["source"],
        tuple(entry["findings"]),
        tuple(entry.get("positive", ())),
        tuple(entry.get("negative", ())),
        dict(entry.get("words", {})),
        classes,
    )
