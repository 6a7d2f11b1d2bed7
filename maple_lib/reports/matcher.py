"""A tree of phrases that finds the longest known phrase at every word, in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

Value = TypeVar("Value")
# What a phrase that ends here means, or None, and the words that can follow.
Node = tuple[Value | None, dict[str, "Node[Value]"]]


class PhraseTree(Generic[Value]):
    """Phrases, word by word, each with a value.

    Args:
        merge: how the values of a phrase added twice become one.
    """

    def __init__(self, merge: Callable[[Value, Value], Value]) -> None:
        self._first: dict[str, Node[Value]] = {}
        self._merge = merge

    def add(self, words: Sequence[str], value: Value) -> None:
        """Add a phrase of one word or more."""
        children = self._first
        for word in words[:-1]:
            children = children.setdefault(word, (None, {}))[1]
        old, below = children.get(words[-1], (None, {}))
        children[words[-1]] = (value if old is None else self._merge(old, value), below)

    def longest(self, words: list[str]) -> Iterator[tuple[int, int, Value]]:
        """The longest phrases from left to right, without overlap, as (start, end, value) in words."""
        first, count, i = self._first, len(words), 0
        while i < count:
            node = first.get(words[i])
            i += 1
            if node is None:
                continue
            value, children = node
            start, end = i - 1, i
            while children and i < count:
                node = children.get(words[i])
                if node is None:
                    break
                i += 1
                children = node[1]
                if node[0] is not None:
                    value, end = node[0], i
            if value is not None:
                yield start, end, value
            i = end

    def words(self) -> Iterator[str]:
        """Every word of every phrase."""
        waiting = [self._first]
        while waiting:
            children = waiting.pop()
            yield from children
            waiting += [below for _, below in children.values()]
