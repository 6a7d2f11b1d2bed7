"""One call for every evaluation: the protocol says what is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maple_lib.data.study import Study
from maple_lib.errors import MapleError
from maple_lib.evaluation.ground import ground
from maple_lib.evaluation.location import evaluate_location_retrieval
from maple_lib.evaluation.parsing import evaluate_parsing
from maple_lib.evaluation.protocols import (
    GroundingProtocol,
    LocationRetrievalProtocol,
    ParsingProtocol,
    Protocol,
    RetrievalProtocol,
)
from maple_lib.evaluation.protocols import protocol as named_protocol
from maple_lib.evaluation.result import Result
from maple_lib.evaluation.retrieval import evaluate_retrieval


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
    match chosen:
        case GroundingProtocol():
            return ground(method, studies, chosen, **options)
        case RetrievalProtocol():
            return evaluate_retrieval(method, studies, chosen, **options)
        case LocationRetrievalProtocol():
            return evaluate_location_retrieval(method, studies, chosen, **options)
        case ParsingProtocol():
            return evaluate_parsing(method, studies, chosen, **options)
    raise MapleError(f"protocol {chosen}", f"no evaluation for task {chosen.task!r}", "use a listed protocol")
