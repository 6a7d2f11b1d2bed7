"""One call for every evaluation: the protocol says what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maple_lib.data.study import Study
from maple_lib.evaluation.protocols import Protocol
from maple_lib.evaluation.protocols import protocol as named_protocol
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.tasks import evaluator


def evaluate(method: Any, studies: Sequence[Study], protocol: str | Protocol, **options: Any) -> Result:
    """Evaluate a method on studies by a named protocol.

    Args:
        method: anything that speaks the interface of a method; for parsing a function from a text to
            something with ``.triplets``, or None for the library's own.
        studies: what it is scored on: never what it was trained on.
        protocol: a protocol or its name; ``list_protocols()`` gives the names.
        **options: of the evaluation: ``batch_size``; for grounding also ``train_studies`` (for the
            mean-lesion floor), ``with_floors`` and ``seed``.

    Returns:
        A result that prints its protocol and its summary; ``.table`` is tidy, ``.save(path)`` writes it.

    Raises:
        MapleError: for an unknown protocol, or studies without what it needs.
    """
    chosen = named_protocol(protocol) if isinstance(protocol, str) else protocol
    result: Result = evaluator(chosen.task)(method, studies, chosen, **options)
    return result
