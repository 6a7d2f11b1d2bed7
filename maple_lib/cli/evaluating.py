"""``maple eval``: one checkpoint, one protocol, any studies; printed, and written as tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maple_lib.cli.settings import read_setting

if TYPE_CHECKING:
    from maple_lib.evaluation.result import Result

_NO_MODEL = "parsing"  # the task that scores the library's own parser


def evaluate(
    checkpoint: Annotated[
        str,
        typer.Option("--checkpoint", "--model", help="Folder of a run or its model, or a shipped name."),
    ] = "demo/run/model",
    protocol: Annotated[str, typer.Option(help="A name that --list shows.")] = "phantom_grounding_easy",
    source: Annotated[
        str, typer.Option(help="Studies: phantom, samples, a dataset's name, a folder, a table.")
    ] = "phantom",
    root: Annotated[Path | None, typer.Option(help="Folder of a dataset's official download.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Score only test, validate or train; all studies if none is named.")
    ] = None,
    n: Annotated[
        int | None, typer.Option("--n", "--studies", help="How many: 200 phantoms, else all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of held-out phantoms, and of the evaluation.")] = 1000,
    difficulty: Annotated[
        str | None, typer.Option(help="Of phantoms; the protocol's own, else easy.")
    ] = None,
    train_n: Annotated[
        int, typer.Option(help="Phantoms to learn floors and probes from, of another seed.")
    ] = 300,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="An option of the reader as name=value; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the tables; none are written without.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="Show the protocols and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print machine-readable JSON.")] = False,
) -> None:
    """Score a checkpoint by a named protocol, its floors beside it."""
    if listed:
        typer.echo(_protocols(as_json))
        return
    from maple_lib.cli.evaluating_files import facts_of, write_result
    from maple_lib.cli.evaluating_studies import Asked, choose_studies
    from maple_lib.evaluation import protocol as named_protocol
    from maple_lib.evaluation.tasks import evaluator

    chosen = named_protocol(protocol)
    method = None if chosen.task == _NO_MODEL else _load(checkpoint)
    options = dict(read_setting(text) for text in settings or [])
    asked = Asked(source, n, seed, difficulty, train_n, root, split, options)
    score = evaluator(chosen.task)
    studies = choose_studies(asked, chosen, score, getattr(method, "image_size", 64))
    result: Result = score(method, studies.scored, chosen, **studies.options)
    facts = facts_of(result, method, checkpoint, studies.facts)
    files = [] if out is None else write_result(result, facts, out)
    typer.echo(_as_json(result, facts) if as_json else _as_text(result, studies.facts, files))


def _load(checkpoint: str) -> Any:
    """The method of a model folder, of the folder of a run, or of a name."""
    from maple_lib import load_method

    folder = Path(checkpoint)
    inner = folder / "model"
    return load_method(
        str(inner if inner.is_dir() and not (folder / "config.json").is_file() else checkpoint)
    )


def _as_text(result: Result, facts: dict[str, Any], files: list[Path]) -> str:
    said = ", ".join(f"{name} {value}" for name, value in facts.items() if value not in (None, {}, 0))
    return "\n".join([str(result), f"studies: {said}", *(f"wrote {path}" for path in files)])


def _as_json(result: Result, facts: dict[str, Any]) -> str:
    rows = json.loads(result.summary().to_json(orient="records", double_precision=15))
    return json.dumps({**facts, "summary": rows}, ensure_ascii=False)


def _protocols(as_json: bool) -> str:
    from maple_lib.evaluation import list_protocols
    from maple_lib.evaluation import protocol as named_protocol

    known = [named_protocol(name) for name in list_protocols()]
    if as_json:
        return json.dumps(
            [
                {"name": p.name, "version": p.version, "task": p.task, "description": p.description}
                for p in known
            ]
        )
    return "\n".join(f"{p}  ({p.task})\n    {p.description}" for p in known)
