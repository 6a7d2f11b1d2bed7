"""Parse many reports: in order, over several processes, in flat memory, with failures told at the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sized
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from maple_lib.errors import MapleError
from maple_lib.reports.parse import Parser
from maple_lib.reports.report import ParsedReport
from maple_lib.reports.wire import carried, pack

if TYPE_CHECKING:
    from concurrent.futures import Future

MEMO = 20_000
_CHUNK = 256


class Outcome(NamedTuple):
    """The result for one text: a report, or the reason why there is none."""

    report: ParsedReport | None
    error: str = ""


@cache
def _parser(memo: int) -> Parser:
    return Parser(memo=memo)


def _parse_chunk(texts: list[object], memo: int) -> list[tuple[bytes | None, str]]:
    outcomes = [_outcome(_parser(memo), text) for text in texts]
    return [(pack(report) if report else None, error) for report, error in outcomes]


def _outcome(parser: Parser, text: object) -> Outcome:
    try:
        return Outcome(parser.parse(text))
    except MapleError as error:
        return Outcome(None, str(error))


def iter_parse(texts: Iterable[object], workers: int = 1, memo: int = MEMO) -> Iterator[Outcome]:
    """Parse a stream of reports in order; memory stays flat however long the stream is.

    Args:
        texts: reports; any iterable, read only as far as needed.
        workers: processes; 1 parses in this one.
        memo: sentences remembered per process, 0 for none.

    Yields:
        One :class:`Outcome` per text: its report, or why it could not be parsed.

    Raises:
        MapleError: if ``workers`` is below 1.
    """
    if workers < 1:
        raise MapleError(f"workers={workers}", "at least one process is needed", "use workers=1 or more")
    if workers == 1:
        parser = Parser(memo=memo)
        yield from (_outcome(parser, text) for text in texts)
        return
    # Imported here, because most readers parse in one process.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # "fork" needs no importable main module, so scripts without a guard and notebooks work; the children only
    # run this parser, which holds no locks and no threads.
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        pending: deque[tuple[list[object], Future[list[tuple[bytes | None, str]]]]] = deque()
        stream = iter(texts)
        while chunk := list(islice(stream, _CHUNK)):
            pending.append((chunk, pool.submit(_parse_chunk, chunk, memo)))
            if len(pending) >= 4 * workers:
                yield from _outcomes(*pending.popleft())
        while pending:
            yield from _outcomes(*pending.popleft())


def _outcomes(chunk: list[object], parsed: Future[list[tuple[bytes | None, str]]]) -> Iterator[Outcome]:
    for text, (packed, error) in zip(chunk, parsed.result(), strict=True):
        yield Outcome(carried(packed, text) if packed else None, error)


def parse_many(
    texts: Iterable[object], workers: int = 1, progress: bool = False, memo: int = MEMO
) -> list[ParsedReport]:
    """Parse many reports, in their order.

    Args:
        texts: reports; None, NaN and blank texts give empty results.
        workers: processes. Their start costs a second, so they pay from some ten thousand reports on.
        progress: show a progress bar.
        memo: sentences remembered per process, 0 for none.

    Raises:
        MapleError: after all have been read, if some were not text; it counts them and names the first.

    Example:
        >>> [len(report.triplets) for report in parse_many(["Left effusion.", None])]
        [1, 0]
    """
    outcomes = iter_parse(texts, workers, memo)
    if progress:
        from tqdm.auto import tqdm

        total = len(texts) if isinstance(texts, Sized) else None
        outcomes = iter(tqdm(outcomes, total=total, unit="report"))
    reports: list[ParsedReport] = []
    failures: list[tuple[int, str]] = []
    for index, outcome in enumerate(outcomes):
        if outcome.report is None:
            failures.append((index, outcome.error))
        else:
            reports.append(outcome.report)
    if failures:
        index, error = failures[0]
        subject = f"{len(failures)} of {len(failures) + len(reports)} reports"
        problem = f"not parsed; the first is number {index} ({error})"
        raise MapleError(subject, problem, "use iter_parse to keep the others")
    return reports
